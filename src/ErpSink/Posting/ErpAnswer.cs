using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>What a call to an ERP came to, whatever the ERP.</summary>
public enum ErpOutcome
{
    /// <summary>The ERP says it made the record.</summary>
    Created,

    /// <summary>Refused for too many calls, or for maintenance, and certainly not executed.</summary>
    Throttled,

    /// <summary>The credentials are not accepted: a matter of configuration.</summary>
    Unauthorized,

    /// <summary>The call never left this process.</summary>
    NotSent,

    /// <summary>It may have been executed or not: time-out, reset, 5xx, a lock conflict or an answer that cannot be read.</summary>
    Unknown,

    /// <summary>The ERP has a record of this key already.</summary>
    Duplicate,

    /// <summary>The ERP refuses the content.</summary>
    Validation,

    /// <summary>The accounting period is closed.</summary>
    PeriodClosed,

    /// <summary>The ERP took it for later: <see cref="ErpAnswer.Job"/> names what to ask for. A look-up answers this while the ERP is still at work.</summary>
    Accepted,

    /// <summary>A look-up found the record, equal in key, amount, currency and party, and in the ledger.</summary>
    Found,

    /// <summary>A look-up found the record, equal, but not in the ledger yet: a draft, an unposted journal, one that waits for approval.</summary>
    Unposted,

    /// <summary>A look-up found a record of this key with another content.</summary>
    Different,

    /// <summary>A look-up found nothing.</summary>
    Absent,
}

/// <summary>An ERP's answer in common terms. <paramref name="Code"/> is stable; <paramref name="Detail"/> is for people.</summary>
public sealed record ErpAnswer(ErpOutcome Outcome, int? HttpStatus = null, string? Code = null, string? Detail = null, string? ErpId = null)
{
    /// <summary>Of a call that the ERP works on later: its job, run or request there.</summary>
    public string? Job { get; init; }

    /// <summary>Of a job that refused so many documents as one, and does not say which of them is to blame; null where a refusal is the document's own.</summary>
    public int? RefusedTogether { get; init; }

    /// <summary>The refused draft was deleted, and the ERP said so: there is certainly no record any more.</summary>
    public bool DraftDeleted { get; init; }

    /// <summary>How long the ERP asks to be left alone, when it says so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The date that the ERP posted it at, when it says so: it may be another than asked for.</summary>
    public DateOnly? PostedOn { get; init; }

    /// <summary>As the ledger's column <c>outcome</c> spells it, and as the metrics' label does.</summary>
    public string OutcomeName => Outcome switch
    {
        ErpOutcome.NotSent => "not_sent",
        ErpOutcome.PeriodClosed => "period_closed",
        var other => other.ToString().ToLowerInvariant(),
    };
}
