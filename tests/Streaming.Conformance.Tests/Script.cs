namespace Streams.Streaming.Conformance.Tests;

/// <summary>A record that goes in.</summary>
sealed record Input(string Topic, string? Key, string? Value, long Timestamp)
{
    public override string ToString() => $"> {Topic}\t{Key ?? "~"}\t{Value ?? "~"}\t{Timestamp}";

    public static Input Parse(string line)
    {
        var fields = line[2..].Split('\t');
        return new Input(fields[0], Text(fields[1]), Text(fields[2]), long.Parse(fields[3], System.Globalization.CultureInfo.InvariantCulture));
    }

    private static string? Text(string field) => field == "~" ? null : field;
}

/// <summary>A record that goes in, and the lines of what came out: "topic key value timestamp headers".</summary>
sealed record Step(Input Input, IReadOnlyList<string> Outputs);

/// <summary>Records for one fresh topology.</summary>
sealed record Sequence(string Name, IReadOnlyList<Step> Steps);

/// <summary>What a case's topology looks like and does: java/Oracle.java tells the text form.</summary>
sealed record Script(string Case, IReadOnlyList<string> Description, IReadOnlyList<Sequence> Sequences)
{
    public static Script Read(string path)
    {
        string? name = null;
        List<string> description = [];
        List<Sequence> sequences = [];
        List<Step> steps = [];
        List<string> outputs = [];
        foreach (var line in File.ReadLines(path))
        {
            if (line.StartsWith("case ", StringComparison.Ordinal)) name = line[5..];
            else if (line.StartsWith("= ", StringComparison.Ordinal)) description.Add(line[2..]);
            else if (line.StartsWith("sequence ", StringComparison.Ordinal)) sequences.Add(new Sequence(line[9..], steps = []));
            else if (line.StartsWith("> ", StringComparison.Ordinal)) steps.Add(new Step(Input.Parse(line), outputs = []));
            else if (line.StartsWith("< ", StringComparison.Ordinal)) outputs.Add(line[2..]);
            else throw new FormatException($"{path}: \"{line}\"");
        }
        return new Script(name ?? throw new FormatException($"{path} names no case"), description, sequences);
    }

    /// <summary>The input alone.</summary>
    public static void Write(string path, string name, IEnumerable<(string Name, IReadOnlyList<Input> Inputs)> sequences)
    {
        using var writer = new StreamWriter(path) { NewLine = "\n" };
        writer.WriteLine($"case {name}");
        foreach (var (sequence, inputs) in sequences)
        {
            writer.WriteLine($"sequence {sequence}");
            foreach (var input in inputs) writer.WriteLine(input);
        }
    }
}
