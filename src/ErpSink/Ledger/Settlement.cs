using Streams.ErpSink.Posting;

namespace Streams.ErpSink.Ledger;

/// <summary>What a call is for.</summary>
public enum ErpCall
{
    Post,
    LookUp,
    Finish,
}

public static class ErpCallNames
{
    /// <summary>As the ledger's column <c>call</c> spells it, and as the metrics' label does.</summary>
    public static string Name(this ErpCall call) => call == ErpCall.LookUp ? "lookup" : call.ToString().ToLowerInvariant();
}

/// <summary>What the ERP said of a document, and where that leaves it.</summary>
public sealed record Settlement(string DocumentKey, ErpAnswer Answer, string State)
{
    /// <summary>Wait before the document is due again.</summary>
    public TimeSpan Delay { get; init; }

    public int Absences { get; init; }

    /// <summary>The posting does not count among the attempts: it was not executed.</summary>
    public bool Uncounted { get; init; }

    /// <summary>Documents in a call at most, from now on.</summary>
    public int? Split { get; init; }

    /// <summary>Another date to post it at.</summary>
    public DateOnly? PostingDate { get; init; }

    /// <summary>Version of the mapping that it was sent by.</summary>
    public string? Mapping { get; init; }

    /// <summary>The next call follows at once in the same hands.</summary>
    public bool KeepsClaim { get; init; }

    /// <summary>Avro binary of the receipt to be published.</summary>
    public byte[]? Receipt { get; init; }

    /// <summary>A person has to look at it.</summary>
    public bool OpensWorkItem => State is DocumentState.Refused or DocumentState.Held || (State == DocumentState.Compared && Answer.Outcome != ErpOutcome.Found);
}
