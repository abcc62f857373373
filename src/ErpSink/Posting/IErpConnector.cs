using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>A document, and what is known of it in the ERP.</summary>
/// <param name="ErpId">The record's id there.</param>
/// <param name="Job">The job that makes it, where the ERP works later.</param>
public sealed record ErpItem(ErpDocument Document, string? ErpId = null, string? Job = null);

/// <summary>What one call to an ERP may hold.</summary>
/// <param name="BatchSize">Documents in one call at most.</param>
/// <param name="AllOrNothing">One bad document refuses the whole call, with <see cref="ErpOutcome.Validation"/> for each: the caller splits to find it. A job that does so says it by <see cref="ErpAnswer.RefusedTogether"/>.</param>
/// <param name="SameKind">A call holds documents of one kind only.</param>
/// <param name="LookUpSize">Documents in one look-up at most, journals aside; null: as many as in any call.</param>
public sealed record ErpBatching(int BatchSize, bool AllOrNothing = false, bool SameKind = false, int? LookUpSize = null);

/// <summary>
/// One ERP account. Its methods never throw for what the ERP or the network does: a call that was cancelled or cut off is
/// <see cref="ErpOutcome.Unknown"/> for each of its documents. Answers stand in the order of the documents.
/// </summary>
public interface IErpConnector
{
    /// <summary>The kind of ERP: netsuite, d365fo, businesscentral, s4hana or fusion.</summary>
    string Erp { get; }

    /// <summary>The account whose quota the calls use.</summary>
    string Account { get; }

    ErpBatching Batching { get; }

    /// <summary>Why this document cannot be posted, found without a call (the mapping, the ERP's known limits), or null.</summary>
    ErpAnswer? Preflight(ErpDocument document);

    /// <summary>What would be sent for the document, as text for people: the ERP's own format, indented. It must have passed <see cref="Preflight"/>.</summary>
    string Describe(ErpDocument document);

    /// <summary>Creates the records in one call.</summary>
    /// <param name="batch">At most <see cref="ErpBatching.BatchSize"/>.</param>
    /// <param name="call">Names the call for ERPs that take such a name (idempotency key, execution id, message id): unique, at most 32 characters.</param>
    Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline);

    /// <summary>Looks the documents up by their keys and compares; asks for the job first where there is one.</summary>
    Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline);

    /// <summary>
    /// Brings records that were made but are in no ledger there: Created (posted, or on its way: it is looked up), or why not. ERPs that post by
    /// themselves answer <see cref="ErpOutcome.Created"/> without a call.
    /// </summary>
    Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline);
}
