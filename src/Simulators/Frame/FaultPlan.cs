using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Streams.Simulators;

/// <summary>A fault that a request meets, and the rule that says how.</summary>
sealed record FaultHit(SimulatorFault Kind, FaultRule? Rule = null);

/// <summary>Which request meets which fault. The same seed and keys give the same faults in whatever order the requests come.</summary>
sealed class FaultPlan(SimulatorOptions options, TimeProvider time)
{
    static readonly SimulatorFault[] Usual =
    [
        SimulatorFault.TooManyRequests, SimulatorFault.ErrorBeforeCommit, SimulatorFault.DropBeforeCommit,
        SimulatorFault.CommitThenDrop, SimulatorFault.CommitThenError, SimulatorFault.RecordChanged,
    ];

    static readonly HashSet<SimulatorFault> OfRecords =
        [SimulatorFault.BatchPartial, SimulatorFault.DuplicateAccepted, SimulatorFault.StaleRead, SimulatorFault.PostingStuck];

    sealed class Armed(int id, FaultRule rule, DateTimeOffset? until)
    {
        public readonly int Id = id;
        public readonly FaultRule Rule = rule;
        public readonly DateTimeOffset? Until = until;
        public readonly Regex? Keys = rule.Keys is null ? null : new Regex(rule.Keys, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(0.1));
        public readonly Dictionary<string, int> Seen = [];
        public int Hits;
    }

    readonly Lock _lock = new();
    readonly List<Armed> _rules = [];
    readonly Dictionary<(string, string), int> _requests = [];
    int _ids;

    /// <summary>Arms a rule and returns its number.</summary>
    public int Add(FaultRule rule)
    {
        rule.Checked();
        lock (_lock)
        {
            _rules.Add(new Armed(++_ids, rule, rule.For is { } length ? time.GetUtcNow() + length : null));
            return _ids;
        }
    }

    /// <summary>Disarms one rule, or all.</summary>
    public int Remove(int? id)
    {
        lock (_lock) return _rules.RemoveAll(r => id is null || r.Id == id);
    }

    public IReadOnlyList<(int Id, FaultRule Rule, int Hits)> Rules
    {
        get
        {
            lock (_lock) return [.. _rules.Select(r => (r.Id, r.Rule, r.Hits))];
        }
    }

    /// <summary>The fault of a request, or null.</summary>
    public FaultHit? Next(bool write, string type, IReadOnlyList<string> keys)
    {
        var key = keys.Count > 0 ? keys[0] : "";
        lock (_lock)
        {
            if (options.Fault is { } decide)
                return decide(new SimulatedRequest(write ? "POST" : "GET", type, key, Count(write, type, key))) is var fault and not SimulatorFault.None ? new FaultHit(fault) : null;
            foreach (var armed in _rules)
            {
                if (OfRecords.Contains(armed.Rule.Kind) || armed.Rule.Inner || !Fits(armed, write)) continue;
                if (keys.Count == 0 ? armed.Keys is null && Meets(armed, type, "") : Matching(armed, keys) is { } match && Meets(armed, type, match)) return new FaultHit(armed.Rule.Kind, armed.Rule);
            }
            return write && options.FaultPerMille > 0 && Count(write, type, key) == 1 ? Drawn(type, key) : null;
        }
    }

    /// <summary>Whether a record, or a part of a batch, meets a fault of the kind.</summary>
    public FaultHit? OfRecord(SimulatorFault kind, string type, string? key, bool write = true)
    {
        lock (_lock)
        {
            foreach (var armed in _rules)
            {
                if (armed.Rule.Kind != kind || !(OfRecords.Contains(kind) || armed.Rule.Inner)) continue;
                if (Fits(armed, OfRecords.Contains(kind) ? null : write) && (armed.Keys?.IsMatch(key ?? "") ?? true) && Meets(armed, type, key ?? "")) return new FaultHit(kind, armed.Rule);
            }
            return null;
        }
    }

    bool Fits(Armed armed, bool? write) =>
        !(armed.Until < time.GetUtcNow()) && !(armed.Hits >= armed.Rule.Next) && (write is null || armed.Rule.On == "any" || armed.Rule.On == (write.Value ? "write" : "read"));

    static string? Matching(Armed armed, IReadOnlyList<string> keys) => armed.Keys is null ? keys[0] : keys.FirstOrDefault(k => armed.Keys.IsMatch(k));

    // Stale reads, accepted duplicates and stuck postings are asked for again and again: they do not wear off.
    static bool Meets(Armed armed, string type, string key)
    {
        var rule = armed.Rule;
        if (rule.PerMille < 1000 && Draw($"{rule.Seed}|{rule.Kind}|{type}|{key}")[0] >= rule.PerMille) return false;
        var lasting = rule.Kind is SimulatorFault.StaleRead or SimulatorFault.DuplicateAccepted or SimulatorFault.PostingStuck;
        var times = rule.Times ?? (rule.PerMille < 1000 && !lasting ? 1 : 0);
        if (times > 0)
        {
            var nth = armed.Seen[type + "|" + key] = armed.Seen.GetValueOrDefault(type + "|" + key) + 1;
            if (nth > times) return false;
        }
        armed.Hits++;
        return true;
    }

    int Count(bool write, string type, string key) => _requests[(write ? "POST" : "GET", type + key)] = _requests.GetValueOrDefault((write ? "POST" : "GET", type + key)) + 1;

    FaultHit? Drawn(string type, string key)
    {
        var draw = Draw($"{options.Seed}|{type}|{key}");
        return draw[0] < options.FaultPerMille ? new FaultHit(Usual[draw[1] % Usual.Length]) : null;
    }

    static int[] Draw(string text)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return [(int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % 1000), hash[4]];
    }
}
