using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>What Oracle would refuse, or what the mapping lacks.</summary>
static class FusionPreflight
{
    public static ErpAnswer? Check(ErpDocument document, ErpMapping mapping) =>
        PreflightRules.Signs(document) ?? (document.Kind == DocumentKind.GlJournal ? Journal(document, mapping) : Receivable(document, mapping));

    static ErpAnswer? Receivable(ErpDocument document, ErpMapping mapping) => PreflightRules.Mapping(mapping,
        [
            PreflightRules.Missing(mapping, "businessUnits", document.LegalEntity),
            PreflightRules.Missing(mapping, "customers", document.CustomerId),
            document.Kind == DocumentKind.Receipt ? PreflightRules.Missing(mapping, "receiptMethods", document.Lines[0].Product) : null,
        ]);

    static ErpAnswer? Journal(ErpDocument document, ErpMapping mapping) =>
        PreflightRules.Mapping(mapping, [PreflightRules.Missing(mapping, "ledgers", document.LegalEntity), .. document.Lines.Select(line => PreflightRules.Missing(mapping, "revenueAccounts", line))]) ??
        Currency(document, mapping) ?? Segments("settings.journalDebitAccount", mapping.Setting("journalDebitAccount")!) ??
        document.Lines.Select(line => Segments("tables.revenueAccounts", FusionBodies.Of(mapping, "revenueAccounts", line)!)).FirstOrDefault(refusal => refusal is not null) ??
        (GlInterface.Debits(document) == ExactDecimal.Zero ? PreflightRules.Refusal("NOTHING_TO_POST", "lines.amount: all are zero, Oracle imports no such line") : null);

    // The import file as it is written has no conversion rates.
    static ErpAnswer? Currency(ErpDocument document, ErpMapping mapping) => mapping.Find("ledgerCurrencies", document.LegalEntity) is { } own && own != document.Currency
        ? PreflightRules.Refusal("FOREIGN_CURRENCY_JOURNAL", $"currency: the ledger of {document.LegalEntity} is kept in {own}, journals in {document.Currency} are not imported") : null;

    static ErpAnswer? Segments(string name, string account) => GlInterface.AccountFault(account) is { } fault
        ? PreflightRules.Refusal("ACCOUNT_INVALID", $"mapping for fusion: {name}: '{account}' {fault}") : null;
}
