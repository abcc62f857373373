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

    /// <summary>A look-up found the record, equal in key, amount, currency and party.</summary>
    Found,

    /// <summary>A look-up found a record of this key with another content.</summary>
    Different,

    /// <summary>A look-up found nothing.</summary>
    Absent,
}

/// <summary>An ERP's answer in common terms. <paramref name="Code"/> is stable; <paramref name="Detail"/> is for people.</summary>
public sealed record ErpAnswer(ErpOutcome Outcome, int? HttpStatus = null, string? Code = null, string? Detail = null, string? ErpId = null)
{
    /// <summary>As the ledger's column <c>outcome</c> spells it, and as the metrics' label does.</summary>
    public string OutcomeName => Outcome switch
    {
        ErpOutcome.NotSent => "not_sent",
        ErpOutcome.PeriodClosed => "period_closed",
        var other => other.ToString().ToLowerInvariant(),
    };
}

/// <summary>One ERP account.</summary>
public interface IErpConnector
{
    /// <summary>The kind of ERP, e.g. netsuite.</summary>
    string Erp { get; }

    /// <summary>The account whose quota the calls use.</summary>
    string Account { get; }

    /// <summary>Why this document cannot be posted, found without a call, or null.</summary>
    ErpAnswer? Preflight(ErpDocument document);

    /// <summary>Creates the record. Never throws for what the ERP or the network does; a cancelled call is <see cref="ErpOutcome.Unknown"/>.</summary>
    Task<ErpAnswer> PostAsync(ErpDocument document, CancellationToken deadline);

    /// <summary>Looks the document up by its key and compares.</summary>
    Task<ErpAnswer> LookUpAsync(ErpDocument document, CancellationToken deadline);
}
