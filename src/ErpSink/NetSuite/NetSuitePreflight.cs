using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>What NetSuite would refuse, or what the mapping lacks.</summary>
public static class NetSuitePreflight
{
    /// <summary>NetSuite refuses amounts from 10^10 on.</summary>
    static readonly ExactDecimal AmountLimit = ExactDecimal.FromInteger(10_000_000_000);

    public static ErpAnswer? Check(ErpDocument document, ErpMapping mapping) =>
        PreflightRules.Size(document, AmountLimit, "NetSuite") ?? PreflightRules.Signs(document) ?? PreflightRules.Mapping(mapping,
        [
            PreflightRules.Missing(mapping, "subsidiaries", document.LegalEntity),
            PreflightRules.Missing(mapping, "currencies", document.Currency),
            document.Kind == DocumentKind.GlJournal ? null : PreflightRules.Missing(mapping, "customers", document.CustomerId),
            .. document.Lines.Select(line => Missing(document.Kind, line, mapping)),
        ]);

    static string? Missing(DocumentKind kind, ErpDocumentLine line, ErpMapping mapping) => kind switch
    {
        DocumentKind.Receipt => PreflightRules.Missing(mapping, "paymentAccounts", line.Product),
        DocumentKind.GlJournal => PreflightRules.Missing(mapping, "revenueAccounts", line),
        _ => PreflightRules.Missing(mapping, "items", line),
    };
}
