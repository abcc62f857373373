using System.Text;

namespace Streams.Simulators;

/// <summary>One line of comma-separated values; quotes as in RFC 4180, without line breaks inside values.</summary>
static class Csv
{
    public static List<string> Split(string line)
    {
        var values = new List<string>();
        var value = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"') value.Append(line[++i]);
            else if (line[i] == '"') quoted = !quoted;
            else if (line[i] == ',' && !quoted)
            {
                values.Add(value.ToString());
                value.Clear();
            }
            else value.Append(line[i]);
        }
        values.Add(value.ToString());
        return values;
    }
}
