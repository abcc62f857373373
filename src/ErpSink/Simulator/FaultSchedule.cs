using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Streams.ErpSink.Simulator;

/// <summary>Which request meets which fault. The same seed and keys give the same faults in whatever order the requests come.</summary>
sealed class FaultSchedule(SimulatorOptions options)
{
    static readonly SimulatorFault[] Kinds =
    [
        SimulatorFault.TooManyRequests, SimulatorFault.ErrorBeforeCommit, SimulatorFault.DropBeforeCommit,
        SimulatorFault.CommitThenDrop, SimulatorFault.CommitThenError, SimulatorFault.RecordChanged,
    ];

    readonly ConcurrentDictionary<(string, string), int> _requests = new();

    public SimulatorFault Next(string method, string recordType, string key)
    {
        var nth = _requests.AddOrUpdate((method, recordType + key), 1, (_, n) => n + 1);
        if (options.Fault is { } decide) return decide(new SimulatedRequest(method, recordType, key, nth));
        if (method != "POST" || nth > 1 || options.FaultPerMille == 0) return SimulatorFault.None;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{options.Seed}|{recordType}|{key}"));
        if (BinaryPrimitives.ReadUInt32BigEndian(hash) % 1000 >= options.FaultPerMille) return SimulatorFault.None;
        return Kinds[hash[4] % Kinds.Length];
    }
}
