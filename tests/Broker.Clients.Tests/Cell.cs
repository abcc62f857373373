namespace Streams.Broker.Clients.Tests;

enum Outcome
{
    Ok,

    /// <summary>The client has no such feature, here or at all.</summary>
    Absent,

    Failed,
}

/// <summary>What came of one feature with one client.</summary>
/// <param name="Text">The error, or why the feature is absent.</param>
sealed record Cell(Outcome Outcome, string Text = "")
{
    public static readonly Cell Ok = new(Outcome.Ok);

    public static Cell Failed(string error) => new(Outcome.Failed, error);

    public static Cell Absent(string why) => new(Outcome.Absent, why);

    public string InTable => Outcome switch { Outcome.Ok => "ok", Outcome.Absent => "-", _ => "**FAILED**" };
}
