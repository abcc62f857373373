using Streams.Broker.Fuzz.Fuzzing;
using Streams.Broker.Fuzz.Wire;
using Xunit.Abstractions;

namespace Streams.Broker.Fuzz;

/// <summary>Bytes on a connection: in pieces, one after another without waiting, and as real clients send them.</summary>
public sealed class WireTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const short ApiVersions = 18;
    private readonly string _folder = Directory.CreateTempSubdirectory("broker-wire-").FullName;
    private EmbeddedBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _folder });

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_frame_may_come_byte_by_byte()
    {
        var (seeds, sent) = (new Seeds(new Random(4)), 0);
        foreach (var (format, version) in (await ServedAsync()).GroupBy(s => s.Format.Key).Select(g => g.MaxBy(s => s.Version)))
        {
            using var connection = await RawConnection.OpenAsync(_broker.BootstrapServers);
            var frame = seeds.Of(format, version, answered: true).Bytes;
            foreach (var one in RawConnection.Framed(frame).Chunk(1))
            {
                await connection.SendAsync(one);
                sent++;
            }
            AssertAnswers(frame, await connection.ReceiveAsync(), format.Name);
        }
        output.WriteLine($"{sent} bytes, each sent alone");
    }

    [Fact]
    public async Task Every_version_of_every_request_is_answered_in_its_layout()
    {
        var (seeds, served) = (new Seeds(new Random(5)), await ServedAsync());
        foreach (var (format, version) in served)
        {
            using var connection = await RawConnection.OpenAsync(_broker.BootstrapServers);
            var frame = seeds.Of(format, version, answered: true).Bytes;
            await connection.SendAsync(RawConnection.Framed(frame));
            AssertAnswers(frame, await connection.ReceiveAsync(), $"{format.Name} {version}");
        }
        output.WriteLine($"{served.Count} versions of {served.Select(s => s.Format.Key).Distinct().Count()} requests");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Answers_come_in_the_order_of_requests(int seed)
    {
        var (random, frames) = (new Random(seed), new List<byte[]>());
        var seeds = new Seeds(random);
        short[] mixed = [0, 0, 0, 1, 2, 3, ApiVersions];
        var served = (await ServedAsync()).GroupBy(s => s.Format).ToDictionary(g => g.Key, g => g.Max(s => s.Version));
        for (var i = 0; i < 300; i++)
        {
            var key = mixed[random.Next(mixed.Length)];
            var versions = served.Keys.Where(f => f.Key == key).ToList();
            var format = versions[random.Next(versions.Count)];
            frames.Add(seeds.Of(format, served[format], answered: true).Bytes);
        }
        using var connection = await RawConnection.OpenAsync(_broker.BootstrapServers);
        var sending = connection.SendAsync(frames.SelectMany(RawConnection.Framed).ToArray());
        foreach (var frame in frames) AssertAnswers(frame, await connection.ReceiveAsync(), $"seed {seed}");
        await sending;
    }

    public static TheoryData<string, short, short> Recorded()
    {
        var all = new TheoryData<string, short, short>();
        foreach (var golden in Golden.All) all.Add(golden.Client, golden.Key, golden.Version);
        return all;
    }

    /// <summary>The formats that frames are made by are right: they take apart what real clients and Apache Kafka sent, and put it together again.</summary>
    [Theory]
    [MemberData(nameof(Recorded))]
    public void A_recorded_frame_survives_decoding_and_encoding(string client, short key, short version)
    {
        var golden = Golden.All.Single(g => g.Client == client && g.Key == key && g.Version == version);
        if (Format.Find(key, request: true, version) is not { } request || Format.Find(key, request: false, version) is not { } answer) return;
        var body = 10 + Math.Max((short)0, (short)((golden.Request[8] << 8) | golden.Request[9])) + (request.Flexible ? 1 : 0);
        Assert.Equal(golden.Request[body..], Again(golden.Request.AsMemory(body), request));
        var header = key != ApiVersions && answer.Flexible ? 5 : 4;
        Assert.Equal(golden.Answer[header..], Again(golden.Answer.AsMemory(header), answer));
    }

    [Fact]
    public async Task What_real_clients_sent_is_answered_in_the_layout_that_Apache_Kafka_used()
    {
        var served = (await ServedAsync()).Select(s => (s.Format.Key, s.Version)).ToHashSet();
        var replayed = Golden.All.Where(g => served.Contains((g.Key, g.Version))).ToList();
        foreach (var golden in replayed)
        {
            using var connection = await RawConnection.OpenAsync(_broker.BootstrapServers);
            await connection.SendAsync(RawConnection.Framed(golden.Request));
            AssertAnswers(golden.Request, await connection.ReceiveAsync(), $"{golden.Client} {golden.Key} v{golden.Version}");
        }
        Assert.True(replayed.Count > 30, $"only {replayed.Count} recorded requests are of versions that are served");
        output.WriteLine($"{replayed.Count} of {Golden.All.Count} recorded requests of {string.Join(", ", Golden.All.Select(g => g.Client).Distinct())}");
    }

    private static byte[] Again(ReadOnlyMemory<byte> body, Format format)
    {
        var writer = new WireWriter(format.Flexible);
        writer.WriteStruct(format.Fields, WireReader.ReadAll(body, format));
        return writer.ToArray();
    }

    private static void AssertAnswers(byte[] request, byte[] answer, string what)
    {
        var wrong = Answers.Check(answer, request.AsSpan(4, 4), (short)((request[0] << 8) | request[1]), (short)((request[2] << 8) | request[3]));
        Assert.True(wrong is null, $"{what}: {wrong}\nrequest {Convert.ToHexString(request)}\nanswer {Convert.ToHexString(answer)}");
    }

    /// <summary>What the broker says that it serves, as far as formats are known.</summary>
    private async Task<List<(Format Format, short Version)>> ServedAsync()
    {
        using var connection = await RawConnection.OpenAsync(_broker.BootstrapServers);
        var format = Format.Find(ApiVersions, request: true, 0)!;
        await connection.SendAsync(RawConnection.Framed(WireWriter.Request(format, 0, 7, "wire", new Struct([], [])).ToArray()));
        var answer = WireReader.ReadAll((await connection.ReceiveAsync()).AsMemory(8), Format.Find(ApiVersions, request: false, 0)!);
        var served = new List<(Format, short)>();
        foreach (var api in ((object?[])answer.Values[1]!).Cast<Struct>())
        {
            for (var version = (long)api.Values[1]!; version <= (long)api.Values[2]!; version++)
            {
                if (Format.Find((short)(long)api.Values[0]!, request: true, (short)version) is { } known) served.Add((known, (short)version));
            }
        }
        return served;
    }
}
