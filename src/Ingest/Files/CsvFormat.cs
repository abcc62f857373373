using System.Text;

namespace Streams.Ingest.Files;

/// <summary>Takes a line apart into named columns.</summary>
interface ILineFormat
{
    /// <summary>What fields that may be quoted are separated by; null where line breaks always end a line.</summary>
    char? Delimiter { get; }

    /// <summary>The columns by name, or null for the header line.</summary>
    /// <exception cref="LineRefusedException">The line breaks the format's rules.</exception>
    IReadOnlyDictionary<string, string>? Split(string line);
}

/// <summary>Comma-separated values after RFC 4180 with a header line: fields may be quoted, a quote within them doubled. Every row has the header's number of fields.</summary>
sealed class CsvFormat(char delimiter) : ILineFormat
{
    const int MaxColumns = 1000;

    string[]? _header;

    public char? Delimiter => delimiter;

    public IReadOnlyDictionary<string, string>? Split(string line)
    {
        var fields = Fields(line);
        if (_header is null)
        {
            if (fields.Distinct(StringComparer.Ordinal).Count() != fields.Count) throw new ImportException("The header names a column twice");
            _header = [.. fields];
            return null;
        }
        if (fields.Count != _header.Length) throw new LineRefusedException($"has {fields.Count} fields where the header has {_header.Length}");
        return _header.Zip(fields).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
    }

    List<string> Fields(string line)
    {
        var fields = new List<string>();
        var position = 0;
        while (true)
        {
            if (fields.Count == MaxColumns) throw new LineRefusedException($"has more than {MaxColumns} fields");
            fields.Add(position < line.Length && line[position] == '"' ? QuotedField(line, ref position) : PlainField(line, ref position));
            if (position == line.Length) return fields;
            position++;
        }
    }

    string PlainField(string line, ref int position)
    {
        var end = line.IndexOf(delimiter, position);
        if (end < 0) end = line.Length;
        var field = line[position..end];
        if (field.Contains('"')) throw new LineRefusedException("has a quote within a field that is not quoted");
        position = end;
        return field;
    }

    string QuotedField(string line, ref int position)
    {
        var field = new StringBuilder();
        for (position++; position < line.Length; position++)
        {
            if (line[position] != '"') field.Append(line[position]);
            else if (position + 1 < line.Length && line[position + 1] == '"') field.Append(line[position++]);
            else
            {
                position++;
                if (position < line.Length && line[position] != delimiter) throw new LineRefusedException("goes on behind a closing quote");
                return field.ToString();
            }
        }
        throw new LineRefusedException("has a quote that is not closed");
    }
}
