using System.Text.Json.Serialization;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>One accounting line of a record. Amounts are plain decimal text, never negative; one of the two is "0".</summary>
/// <param name="Account">The ERP's own name of the account, item or party that the line falls on.</param>
/// <param name="Text">The line's description.</param>
/// <param name="AppliesTo">Receipts and credit memos: the document that the line settles, as the caller named it.</param>
/// <param name="Party">The customer of the line, where lines have one.</param>
public sealed record SimulatedLine(string Account, string Debit, string Credit, string? Text = null, string? AppliesTo = null, string? Party = null);

/// <summary>
/// One line of a journal: a record of the simulated ERP as it stands after <see cref="Event"/>. All hosts write this one shape, so that one checker reads
/// them all: a record's last line is its state, and a record whose last event is "deleted" is gone.
/// </summary>
public sealed record SimulatedRecord
{
    /// <summary>The line's number in the journal, from 1 without gaps.</summary>
    public long Seq { get; init; }

    /// <summary>When it was committed, ISO 8601 in UTC.</summary>
    public string At { get; init; } = "";

    /// <summary>created, changed, posted, edited, deleted; or note, which tells of no record (a job, a period).</summary>
    public string Event { get; init; } = RecordEvent.Created;

    /// <summary>integration, batch (the ERP's own job) or operator.</summary>
    public string By { get; init; } = RecordEvent.Integration;

    /// <summary>The ERP's id of the record.</summary>
    public required string Id { get; init; }

    /// <summary>The vendor's record type.</summary>
    public required string Type { get; init; }

    /// <summary>AR_INVOICE, GL_JOURNAL, CREDIT_MEMO, RECEIPT or OTHER.</summary>
    public string Kind { get; init; } = RecordKind.Other;

    /// <summary>The caller's document key, from the field in which this ERP can be searched for it.</summary>
    public string? Key { get; init; }

    /// <summary>Subsidiary, legal entity, company, company code or business unit.</summary>
    public string? Company { get; init; }

    public string? Party { get; init; }

    public string? Currency { get; init; }

    /// <summary>What the record amounts to, as plain decimal text; positive for credit memos and receipts too.</summary>
    public string Amount { get; init; } = "0";

    /// <summary>The accounting date, yyyy-MM-dd.</summary>
    public string? Date { get; init; }

    /// <summary>Whether it is in the ledger.</summary>
    public bool Posted { get; init; }

    /// <summary>The number that people see, where it is not <see cref="Id"/>.</summary>
    public string? Number { get; init; }

    public IReadOnlyList<SimulatedLine> Lines { get; init; } = [];

    /// <summary>What else the vendor's answers need.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = NoFields;

    static readonly Dictionary<string, string> NoFields = [];

    /// <summary>NetSuite's names for the same.</summary>
    [JsonIgnore] public string? ExternalId => Key;

    [JsonIgnore] public string? Entity => Party;

    [JsonIgnore] public string Total => Amount;

    [JsonIgnore] public string? TranDate => Date;

    /// <summary>What it adds to what is receivable.</summary>
    public ExactDecimal Balance() => Kind is RecordKind.CreditMemo or RecordKind.Receipt ? -ExactDecimal.Parse(Amount) : ExactDecimal.Parse(Amount);

    internal string? Field(string name) => Fields.GetValueOrDefault(name);
}

/// <summary>Words of <see cref="SimulatedRecord.Event"/> and <see cref="SimulatedRecord.By"/>.</summary>
static class RecordEvent
{
    public const string Created = "created", Changed = "changed", Posted = "posted", Edited = "edited", Deleted = "deleted", Note = "note";
    public const string Integration = "integration", Batch = "batch", Operator = "operator";
}

/// <summary>Words of <see cref="SimulatedRecord.Kind"/>.</summary>
static class RecordKind
{
    public const string Invoice = "AR_INVOICE", GlJournal = "GL_JOURNAL", CreditMemo = "CREDIT_MEMO", Receipt = "RECEIPT", Other = "OTHER";
}
