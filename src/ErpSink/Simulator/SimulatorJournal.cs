using System.Text;
using System.Text.Json;

namespace Streams.ErpSink.Simulator;

/// <summary>A record that the simulated ERP holds. <paramref name="Total"/> is plain decimal text.</summary>
public sealed record SimulatedRecord(long Id, string Type, string? ExternalId, string? Entity, string? Currency, string Total, string? TranDate, string At, JsonElement Body);

/// <summary>
/// The simulated ERP's memory: one JSON line for each committed record, on disk before the answer. A line that a crash cut short was never
/// acknowledged and is cut off at the next start.
/// </summary>
public sealed class SimulatorJournal : IDisposable
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    readonly Lock _lock = new();
    readonly FileStream _file;
    readonly List<SimulatedRecord> _records = [];
    readonly Dictionary<(string, string), SimulatedRecord> _byKey = [];

    public SimulatorJournal(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var text = new byte[_file.Length];
        _file.ReadExactly(text);
        var end = Array.LastIndexOf(text, (byte)'\n') + 1;
        foreach (var line in Encoding.UTF8.GetString(text, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Remember(JsonSerializer.Deserialize<SimulatedRecord>(line, Json)!);
        _file.SetLength(end);
        _file.Position = end;
    }

    /// <summary>Reads a journal that another process keeps.</summary>
    public static IReadOnlyList<SimulatedRecord> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<SimulatedRecord>(l, Json)!)];
    }

    /// <summary>Everything committed, in order.</summary>
    public IReadOnlyList<SimulatedRecord> Records
    {
        get
        {
            lock (_lock) return [.. _records];
        }
    }

    /// <summary>Commits a record under the next id, or returns null where its type has one of this external id already.</summary>
    public SimulatedRecord? TryCommit(Func<long, SimulatedRecord> create)
    {
        lock (_lock)
        {
            var record = create(1001 + _records.Count);
            if (record.ExternalId is { } key && _byKey.ContainsKey((record.Type, key))) return null;
            _file.Write(JsonSerializer.SerializeToUtf8Bytes(record, Json));
            _file.WriteByte((byte)'\n');
            _file.Flush(flushToDisk: true);
            Remember(record);
            return record;
        }
    }

    public SimulatedRecord? Find(string type, string externalId)
    {
        lock (_lock) return _byKey.GetValueOrDefault((type, externalId));
    }

    public SimulatedRecord? Find(string type, long id)
    {
        lock (_lock) return id > 1000 && id - 1001 < _records.Count && _records[(int)(id - 1001)].Type == type ? _records[(int)(id - 1001)] : null;
    }

    public void Dispose() => _file.Dispose();

    void Remember(SimulatedRecord record)
    {
        _records.Add(record);
        if (record.ExternalId is { } key) _byKey[(record.Type, key)] = record;
    }
}
