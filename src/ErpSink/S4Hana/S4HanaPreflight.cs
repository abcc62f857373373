using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.S4Hana;

/// <summary>What SAP would refuse, or what the mapping lacks.</summary>
static class S4HanaPreflight
{
    public static ErpAnswer? Check(ErpDocument document, S4HanaOptions options) => PreflightRules.Signs(document) ?? PreflightRules.Mapping(options.Mapping,
        [
            PreflightRules.Missing(options.Mapping, "companyCodes", document.LegalEntity),
            document.Kind == DocumentKind.GlJournal ? null : PreflightRules.Missing(options.Mapping, "customers", document.CustomerId),
            .. document.Lines.Select(line => Account(document.Kind, line, options)),
        ]) ?? Content(document, options);

    static string? Account(DocumentKind kind, ErpDocumentLine line, S4HanaOptions options)
    {
        if (kind == DocumentKind.Receipt) return PreflightRules.Missing(options.Mapping, "paymentAccounts", line.Product);
        if (kind != DocumentKind.GlJournal && JournalEntryLines.TaxLineCode(options.Mapping, line) is not null) return null;
        return PreflightRules.Missing(options.Mapping, "revenueAccounts", line);
    }

    static ErpAnswer? Content(ErpDocument document, S4HanaOptions options)
    {
        var lines = JournalEntryLines.Of(document, options.Mapping);
        if (lines.Accounts.Count == 0 && lines.Taxes.All(t => t.Amount == ExactDecimal.Zero))
            return PreflightRules.Refusal("NOTHING_TO_POST", "lines.amount: all are zero, SAP posts no such entry");
        if (lines.Count > options.MaxItems) return PreflightRules.Refusal("TOO_MANY_ITEMS", $"lines: the journal entry has {lines.Count} items, {options.MaxItems} are possible");
        return lines.Taxes.FirstOrDefault(t => t.Base == ExactDecimal.Zero && t.Amount != ExactDecimal.Zero) is { } tax
            ? PreflightRules.Refusal("TAX_WITHOUT_BASE", $"lines: there is tax of the code {tax.Code}, but no line that tables.taxCodes gives that code to") : null;
    }
}
