using System.Globalization;
using System.Text;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Tests.Dsl;

/// <summary>A topology of text and numbers under the driver, one partition unless said.</summary>
internal sealed class DslDriver : IDisposable
{
    private static readonly StringSerDes Text = new();
    private readonly TopologyTestDriver driver;
    private readonly HashSet<string> inputs = new(StringComparer.Ordinal);

    public DslDriver(Action<StreamBuilder> describe, int partitions = 1)
    {
        var builder = new StreamBuilder();
        describe(builder);
        driver = new TopologyTestDriver(builder.Build(), partitions, "app");
    }

    public TopologyTestDriver Driver => driver;

    public DslDriver In(string? key, string? value, long time = 0, string topic = "in")
    {
        inputs.Add(topic);
        driver.CreateInputTopic(topic, Text, Text).PipeInput(key!, value!, time);
        return this;
    }

    public DslDriver In(string? key, long? value, long time = 0, string topic = "in")
    {
        driver.CreateInputTopic(topic, Text, new NullableSerDes<long>(new Int64SerDes())).PipeInput(key!, value, time);
        return this;
    }

    /// <summary>What was written since this was last asked, as "key=value@time".</summary>
    public string Out(string topic = "out") => string.Join(" ", driver.ReadOutput(topic).Select(o => Show(o, b => Encoding.UTF8.GetString(b))));

    public string OutNumbers(string topic = "out") => string.Join(" ", driver.ReadOutput(topic).Select(o => Show(o, b => new Int64SerDes().Deserialize(b).ToString(CultureInfo.InvariantCulture))));

    /// <summary>The codes of the dead letters since this was last asked.</summary>
    public string Dropped() => string.Join(" ", driver.ReadOutput("app-dead-letters").Select(o => Encoding.UTF8.GetString(o.Headers!.GetLastBytes("streams.errors.code"))));

    public void Dispose() => driver.Dispose();

    private static string Show(TestOutput o, Func<byte[], string> value) =>
        string.Create(CultureInfo.InvariantCulture, $"{(o.Key is null ? "-" : Encoding.UTF8.GetString(o.Key))}={(o.Value is null ? "-" : value(o.Value))}@{o.Timestamp}");
}
