namespace Streams.Broker.Clients.Tests;

/// <summary>
/// A client of another language. Its program gets the bootstrap servers and the prefix and prints one line for each feature:
/// <c>ok</c>, <c>-</c> or <c>FAILED</c>, a tab, the feature's name, a tab, and the reason of the latter two.
/// </summary>
sealed class ProgramClient(string name, string? missing, IReadOnlyDictionary<string, string> lacks, string program, Func<Task<string[]>> arguments) : Client
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public override string Name => name;

    public override string? Missing => missing;

    public override IReadOnlyDictionary<string, string> Lacks => lacks;

    public override IReadOnlyList<string> Features => [.. Feature.All.Where(f => !lacks.ContainsKey(f))];

    protected override async Task TryAsync(Target target, Action<string, Cell> report)
    {
        var run = await Program.RunAsync(program, [.. await arguments(), target.BootstrapServers, target.Prefix], patience: Patience);
        var cells = run.Output.Split('\n').Select(l => l.Split('\t')).Where(p => p.Length >= 2 && p[0] is "ok" or "-" or "FAILED").ToList();
        foreach (var parts in cells)
        {
            var text = string.Join(' ', parts.Skip(2));
            report(parts[1], parts[0] switch { "ok" => Cell.Ok, "-" => Cell.Absent(text), _ => Cell.Failed(text) });
        }
        var tried = cells.Select(p => p[1]).ToHashSet();
        foreach (var feature in Features.Where(f => !tried.Contains(f))) report(feature, Cell.Failed($"not reported; the program ended with {run.Code}: {run.Tail}"));
    }
}
