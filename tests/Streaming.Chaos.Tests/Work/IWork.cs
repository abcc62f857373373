using Streams.Streaming.Chaos.Tests.Evidence;
using Streams.Streaming.Chaos.Tests.Processes;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>A record to be sent to the input.</summary>
/// <param name="Partition">null: by the key.</param>
internal readonly record struct Input(byte[]? Key, byte[] Value, long Timestamp, int? Partition = null);

/// <summary>An application under test: its topology, its input, and what its output must be, told without any code of the runtime.</summary>
internal interface IWork
{
    string Name { get; }

    /// <summary>Output topics, without the application's name.</summary>
    IReadOnlyList<string> Outputs { get; }

    /// <summary>Those whose partitions several tasks write to, or any: their order is free.</summary>
    IReadOnlyList<string> Unordered => ["dead"];

    Topology Build(Job job);

    /// <summary>Points at which it can be killed besides those of the runtime.</summary>
    (string Point, int Most)[] Traps => [];

    /// <summary>Input without end, the same for a seed.</summary>
    IEnumerable<Input> Generate(int seed);

    /// <summary>What is to follow the input, so that all of it shows in the output.</summary>
    IEnumerable<Input> Last(int partitions);

    /// <summary>Compares what the application left with what it should have, and tells the differences.</summary>
    void Check(Remains remains);

    static IWork Named(string name) => name switch
    {
        LedgerWork.Title => new LedgerWork(),
        MeteringWork.Title => new MeteringWork(),
        BillingWork.Title => new BillingWork(),
        RegroupWork.Title => new RegroupWork(),
        _ => throw new ArgumentException($"no work \"{name}\""),
    };
}
