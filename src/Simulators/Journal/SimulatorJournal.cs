using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Streams.Simulators;

/// <summary>
/// The simulated ERP's memory and the ground truth of a test: one JSON line (<see cref="SimulatedRecord"/>) for each commit and each later change.
/// In memory it keeps a small entry for each record; the rest is read back from the file.
/// </summary>
public sealed class SimulatorJournal : IDisposable
{
    /// <summary>Lines that <see cref="Page"/> gives at most.</summary>
    public const int PageLimit = 10_000;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly Lock _lock = new();
    readonly TimeProvider _time;
    readonly JournalFile _file;
    readonly List<(long Place, int Length)> _places = [];
    readonly List<Entry> _entries = [];
    readonly Dictionary<string, Entry> _byId = [];
    readonly Dictionary<(string Type, string Key), Entry> _byKey = [];
    readonly SortedSet<int> _unposted = [];
    int _live;

    sealed class Entry(int index, string id, string type)
    {
        public readonly int Index = index;
        public readonly string Id = id, Type = type;
        public string? Key;
        public int Line;
        public bool Deleted;
        public long CreatedTicks;
        public Entry? SameKey;
    }

    public SimulatorJournal(string path, TimeProvider? time = null, Action<SimulatedRecord>? restored = null)
    {
        _time = time ?? TimeProvider.System;
        _file = new JournalFile(path, (line, place) =>
        {
            var record = Parse(line.Span);
            Remember(record, place, line.Length);
            restored?.Invoke(record);
        });
    }

    /// <summary>The records of a journal that another process keeps, without those deleted.</summary>
    public static IReadOnlyList<SimulatedRecord> Read(string path)
    {
        var last = new Dictionary<string, int>();
        var records = new List<SimulatedRecord>();
        foreach (var line in ReadLines(path).Where(l => l.Event != RecordEvent.Note))
        {
            if (last.TryGetValue(line.Id, out var index)) records[index] = line;
            else
            {
                last[line.Id] = records.Count;
                records.Add(line);
            }
        }
        return [.. records.Where(r => r.Event != RecordEvent.Deleted)];
    }

    /// <summary>Every line of a journal that another process keeps.</summary>
    public static IReadOnlyList<SimulatedRecord> ReadLines(string path)
    {
        var lines = new List<SimulatedRecord>();
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        JournalFile.Scan(file, (line, _) => lines.Add(Parse(line.Span)));
        return lines;
    }

    /// <summary>The records as they stand, in the order of their creation, without those deleted.</summary>
    public IReadOnlyList<SimulatedRecord> Records
    {
        get
        {
            lock (_lock) return [.. _entries.Where(e => !e.Deleted).Select(Load)];
        }
    }

    /// <summary>Records that are not deleted.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _live;
        }
    }

    /// <summary>Records ever created: the source of the next id.</summary>
    public int Created
    {
        get
        {
            lock (_lock) return _entries.Count;
        }
    }

    /// <summary>Lines from number <paramref name="from"/> (1 is the first) on.</summary>
    public IReadOnlyList<SimulatedRecord> Page(long from, int limit)
    {
        lock (_lock)
        {
            var (first, count) = ((int)Math.Clamp(from - 1, 0, _places.Count), Math.Clamp(limit, 0, PageLimit));
            return [.. _places.Skip(first).Take(count).Select(p => Parse(_file.Read(p.Place, p.Length)))];
        }
    }

    /// <summary>Ends when all that was committed so far is on disk. No answer may go out before.</summary>
    public Task DurableAsync() => _file.DurableAsync();

    public void Dispose() => _file.Dispose();

    /// <summary>Commits a record's new state.</summary>
    internal SimulatedRecord Append(SimulatedRecord record)
    {
        lock (_lock)
        {
            record = record with { Seq = _places.Count + 1, At = _time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture) };
            using var text = new MemoryStream(1024);
            JsonSerializer.Serialize(text, record, Json);
            text.WriteByte((byte)'\n');
            var bytes = text.GetBuffer().AsSpan(0, (int)text.Length);
            Remember(record, _file.Append(bytes), bytes.Length - 1);
            return record;
        }
    }

    /// <summary>Whether a record of the type has the key.</summary>
    internal bool Has(string type, string key)
    {
        lock (_lock) return _byKey.ContainsKey((type, key));
    }

    /// <summary>The oldest record of the type and key.</summary>
    internal SimulatedRecord? Find(string type, string key) => FindAll(type, key) is [var first, ..] ? first : null;

    /// <summary>All records of the type and key, oldest first: more than one where duplicates are taken silently.</summary>
    internal IReadOnlyList<SimulatedRecord> FindAll(string type, string key)
    {
        lock (_lock)
        {
            var found = new List<SimulatedRecord>();
            for (var entry = _byKey.GetValueOrDefault((type, key)); entry is not null; entry = entry.SameKey) found.Add(Load(entry));
            return found;
        }
    }

    /// <summary>The record of an id, unless it is deleted.</summary>
    internal SimulatedRecord? Get(string id)
    {
        lock (_lock) return _byId.TryGetValue(id, out var entry) && !entry.Deleted ? Load(entry) : null;
    }

    /// <summary>When the record of an id came to be.</summary>
    internal DateTimeOffset CreatedAt(string id)
    {
        lock (_lock) return new DateTimeOffset(_byId[id].CreatedTicks, TimeSpan.Zero);
    }

    /// <summary>Records that are in no ledger yet, oldest first.</summary>
    internal IReadOnlyList<SimulatedRecord> Unposted()
    {
        lock (_lock) return [.. _unposted.Select(index => Load(_entries[index]))];
    }

    /// <summary>How many records are in no ledger yet.</summary>
    internal int UnpostedCount
    {
        get
        {
            lock (_lock) return _unposted.Count;
        }
    }

    void Remember(SimulatedRecord record, long place, int length)
    {
        _places.Add((place, length));
        if (record.Event == RecordEvent.Note) return;
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_byId, record.Id, out var known);
        if (!known)
        {
            entry = new Entry(_entries.Count, record.Id, record.Type) { CreatedTicks = DateTimeOffset.Parse(record.At, CultureInfo.InvariantCulture).UtcTicks };
            _entries.Add(entry);
            _live++;
        }
        Update(entry!, record);
    }

    void Update(Entry entry, SimulatedRecord record)
    {
        entry.Line = _places.Count - 1;
        var deleted = record.Event == RecordEvent.Deleted;
        if (deleted && !entry.Deleted) _live--;
        entry.Deleted = deleted;
        var key = deleted ? null : record.Key;
        if (entry.Key != key)
        {
            if (entry.Key is not null) Unlink(entry);
            entry.Key = key;
            if (key is not null) Link(entry);
        }
        if (record.Posted || deleted) _unposted.Remove(entry.Index);
        else _unposted.Add(entry.Index);
    }

    void Link(Entry entry)
    {
        ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, (entry.Type, entry.Key!), out _);
        if (first is null)
        {
            first = entry;
            return;
        }
        var last = first;
        while (last.SameKey is not null) last = last.SameKey;
        last.SameKey = entry;
    }

    void Unlink(Entry entry)
    {
        var place = (entry.Type, entry.Key!);
        var first = _byKey[place];
        if (first == entry)
        {
            if (entry.SameKey is null) _byKey.Remove(place);
            else _byKey[place] = entry.SameKey;
        }
        else
        {
            while (first.SameKey != entry) first = first.SameKey!;
            first.SameKey = entry.SameKey;
        }
        entry.SameKey = null;
    }

    SimulatedRecord Load(Entry entry) => Parse(_file.Read(_places[entry.Line].Place, _places[entry.Line].Length));

    static SimulatedRecord Parse(ReadOnlySpan<byte> line) => JsonSerializer.Deserialize<SimulatedRecord>(line, Json)!;
}
