using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Streams.ErpSink.Mapping;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>A file to load, and the program that imports it.</summary>
/// <param name="Name">Of the zip, without its ending.</param>
/// <param name="File">The one file in the zip.</param>
/// <param name="Account">Where the zip is kept.</param>
/// <param name="Interface">Oracle's number of the interface, by which it purges what was loaded when the import has ended.</param>
sealed record FusionLoad(long Group, string Name, string File, string Text, string Account, string Job, string Parameters, int Interface)
{
    public JsonObject Request(DateTimeOffset now) => new()
    {
        ["OperationName"] = "importBulkData",
        ["DocumentContent"] = Convert.ToBase64String(ImportFile.Zip(File, Text, now)),
        ["ContentType"] = "zip",
        ["FileName"] = string.Create(CultureInfo.InvariantCulture, $"{Name}_{Group}.zip"),
        ["DocumentAccount"] = Account,
        ["JobName"] = Job,
        ["ParameterList"] = Parameters,
        ["CallbackURL"] = "#NULL",
        ["NotificationCode"] = "10",
        ["JobOptions"] = string.Create(CultureInfo.InvariantCulture, $"InterfaceDetails={Interface},ImportOption=Y,PurgeOption=Y,ExtractFileType=ALL"),
    };
}

/// <summary>The files of a call: journals by ledger, invoices and credit memos by business unit, each kind in one of its own.</summary>
static class FusionLoads
{
    public const string LedgerProgram = "/oracle/apps/ess/financials/generalLedger/programs/common";
    const string AutoInvoice = "/oracle/apps/ess/financials/receivables/transactions/autoInvoices,AutoInvoiceImportEss";

    // Business unit, source, default date; ranges of what is to be taken, all open; whether due dates follow the transaction's date; their adjustment.
    static readonly string AutoInvoiceParameters = $"{{businessUnit}},{{source}},{{date}},{string.Join(',', Enumerable.Repeat("#NULL", 19))},Y,#NULL";

    /// <summary>What documents of one file have in common.</summary>
    public static string Scope(ErpDocument document, ErpMapping mapping) =>
        document.Kind == DocumentKind.GlJournal ? mapping.Find("ledgers", document.LegalEntity)! : $"{document.Kind}|{BusinessUnit(document, mapping)}";

    /// <summary>A number of 15 digits that the call and the scope give, the same for the same.</summary>
    public static long Group(string call, string scope)
    {
        const ulong smallest = 100_000_000_000_000;
        var hash = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{call}|{scope}")));
        return (long)(smallest + hash % (9 * smallest));
    }

    /// <summary>The file for documents of one scope.</summary>
    public static FusionLoad Of(IReadOnlyList<ErpDocument> documents, string call, DateTimeOffset now, ErpMapping mapping)
    {
        var group = Group(call, Scope(documents[0], mapping));
        return documents[0].Kind == DocumentKind.GlJournal ? Journals(documents, group, now, mapping) : Transactions(documents, group, mapping);
    }

    /// <summary>What of the mapping cannot be written into a list of parameters parted by commas, or null.</summary>
    public static string? ParameterFault(ErpMapping mapping) =>
        mapping.Setting("transactionSource")!.Contains(',') ? "settings.transactionSource: has a comma, AutoInvoice cannot be given it"
        : mapping.Tables["businessUnits"].Any(u => u.Value.Contains(',') && mapping.Find("businessUnitIds", u.Key) is null) ? "tables.businessUnits: has a name with a comma and no entry in businessUnitIds" : null;

    static FusionLoad Journals(IReadOnlyList<ErpDocument> documents, long group, DateTimeOffset now, ErpMapping mapping) => new(
        group, "GlInterface", "GlInterface.csv", GlInterface.Csv(documents, group, now, mapping), "fin$/generalLedger$/import$", $"{LedgerProgram},JournalImportLauncher",
        string.Create(CultureInfo.InvariantCulture, $"{mapping.Setting("dataAccessSet")},{mapping.Setting("journalSource")},{mapping.Find("ledgers", documents[0].LegalEntity)},{group},N,N,N"), 15);

    static FusionLoad Transactions(IReadOnlyList<ErpDocument> documents, long group, ErpMapping mapping) => new(
        group, "ArAutoinvoiceImport", AutoInvoiceLines.FileName, AutoInvoiceLines.Csv(documents, mapping), "fin$/receivables$/import$", mapping.Setting("autoInvoiceJob") ?? AutoInvoice,
        (mapping.Setting("autoInvoiceParameters") ?? AutoInvoiceParameters).Replace("{businessUnit}", BusinessUnit(documents[0], mapping), StringComparison.Ordinal)
            .Replace("{source}", mapping.Setting("transactionSource"), StringComparison.Ordinal).Replace("{date}", FusionBodies.Date(documents.Max(d => d.DocumentDate)), StringComparison.Ordinal), 2);

    static string BusinessUnit(ErpDocument document, ErpMapping mapping) => mapping.Find("businessUnitIds", document.LegalEntity) ?? mapping.Find("businessUnits", document.LegalEntity)!;
}
