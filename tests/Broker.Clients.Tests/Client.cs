using System.Collections.Concurrent;

namespace Streams.Broker.Clients.Tests;

/// <summary>The broker that a client is to try.</summary>
/// <param name="DataDirectory">Where the embedded broker keeps its files; empty for Apache Kafka.</param>
/// <param name="Prefix">What the names of the client's topics, groups and transactional ids begin with.</param>
sealed record Target(string BootstrapServers, string DataDirectory, string Prefix);

/// <summary>A Kafka client, and how it is made to show what it can do.</summary>
abstract class Client
{
    /// <summary>Name and version, as the table shows it.</summary>
    public abstract string Name { get; }

    /// <summary>Why it cannot run here, or null.</summary>
    public virtual string? Missing => null;

    /// <summary>The features to show, each of which must be reported.</summary>
    public abstract IReadOnlyList<string> Features { get; }

    /// <summary>The features that the client does not have, and why.</summary>
    public virtual IReadOnlyDictionary<string, string> Lacks { get; } = new Dictionary<string, string>();

    /// <summary>Tries all features.</summary>
    public async Task<IReadOnlyDictionary<string, Cell>> RunAsync(Target target)
    {
        var cells = new ConcurrentDictionary<string, Cell>();
        foreach (var (feature, why) in Lacks) cells[feature] = Cell.Absent(why);
        await TryAsync(target, (feature, cell) => cells[feature] = cell);
        foreach (var (feature, codec) in Feature.Codecs.Where(c => cells.GetValueOrDefault(c.Key)?.Outcome == Outcome.Ok))
        {
            // Clients turn compression off in silence when a broker's versions do not please them.
            var stored = await Wire.CodecAsync(target.BootstrapServers, Feature.TopicOf(target.Prefix, feature));
            if (stored != codec) cells[feature] = Cell.Failed($"the batch was stored with codec {stored} instead of {codec}");
        }
        foreach (var feature in Features) cells.TryAdd(feature, Cell.Failed("not reported"));
        return cells;
    }

    protected abstract Task TryAsync(Target target, Action<string, Cell> report);
}

/// <summary>A client whose features are methods here.</summary>
abstract class MethodClient : Client
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public override IReadOnlyList<string> Features => [.. Methods(new Target("", "", "")).Keys];

    /// <summary>How many features are tried at a time.</summary>
    protected virtual int AtOnce => 3;

    protected abstract IReadOnlyDictionary<string, Func<Task>> Methods(Target target);

    protected override Task TryAsync(Target target, Action<string, Cell> report) =>
        Parallel.ForEachAsync(Methods(target), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (method, _) =>
        {
            report(method.Key, await TryAsync(method.Value));
        });

    private static async Task<Cell> TryAsync(Func<Task> method)
    {
        try
        {
            await Task.Run(method).WaitAsync(Patience);
            return Cell.Ok;
        }
        catch (NotSupportedException e)
        {
            return Cell.Absent(e.Message);
        }
        catch (Exception e)
        {
            return Cell.Failed($"{e.GetType().Name}: {e.Message}{e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("Clients.Tests", StringComparison.Ordinal))}");
        }
    }
}
