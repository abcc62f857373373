using System.Text;
using System.Text.Json;

namespace Streams.Ingest.Files;

/// <summary>A line that was not imported: where, why, and its beginning.</summary>
public sealed record RefusedLine(long Line, string Code, string Field, string Reason, string Text);

/// <summary>Counts refused lines, keeps the first of them, and writes all to a file as JSON lines when one is given.</summary>
sealed class Refusals(TextWriter? file) : IDisposable
{
    /// <summary>How many are kept in memory.</summary>
    public const int Kept = 1000;

    const int MaxTextBytes = 1024;

    readonly List<RefusedLine> _first = [];

    public IReadOnlyList<RefusedLine> First => _first;

    public long Count { get; private set; }

    public void Add(FileLine line, string code, string field, string reason)
    {
        Count += line.Lines;
        var text = Encoding.UTF8.GetString(line.Bytes.Span[..Math.Min(line.Bytes.Length, MaxTextBytes)]);
        var refused = new RefusedLine(line.Number, code, field, reason, text);
        if (_first.Count < Kept) _first.Add(refused);
        file?.WriteLine(JsonSerializer.Serialize(refused, JsonSerializerOptions.Web));
    }

    public void Dispose() => file?.Dispose();
}
