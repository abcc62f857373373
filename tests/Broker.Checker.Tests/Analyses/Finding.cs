namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>What one analysis looked at and what it found wrong. An analysis that checked nothing has proved nothing.</summary>
public sealed class Finding(string name)
{
    private const int Kept = 20;
    private readonly List<string> _examples = [];

    public string Name { get; } = name;

    /// <summary>Instances that were checked.</summary>
    public long Checked { get; set; }

    public long Anomalies { get; private set; }

    /// <summary>The first anomalies in words.</summary>
    public IReadOnlyList<string> Examples => _examples;

    public void Anomaly(FormattableString what)
    {
        Anomalies++;
        if (_examples.Count < Kept) _examples.Add(FormattableString.Invariant(what));
    }

    public override string ToString() => FormattableString.Invariant($"{Name}: {Anomalies} of {Checked}{string.Concat(_examples.Select(e => "\n    " + e))}");
}
