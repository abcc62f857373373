using Streams.Schemas;

namespace Streams.Aggregators.Billing;

/// <summary>
/// A control event by which somebody voids the documents of a closed period, or has it billed again. Its meter is the one of control events, which the entrances refuse
/// from outside; its dimensions are <c>correction</c> (void or rebill), <c>correction.of</c> (the id of the document that closed the period), <c>correction.by</c> and
/// <c>correction.reason</c>.
/// </summary>
public sealed record VoidOrder(string Document, string Contract, int Ordinal, bool Rebill, string By, string Reason)
{
    public const string Void = "void", BillAgain = "rebill", Who = "correction.by", Why = "correction.reason";

    /// <summary>Reads an order; null and the reason where it is none.</summary>
    public static VoidOrder? Read(UsageEvent usage, out string fault)
    {
        var d = usage.Dimensions;
        fault = "";
        var action = d.GetValueOrDefault(UsageCorrection.Action);
        var document = d.GetValueOrDefault(UsageCorrection.Of) ?? "";
        if (action is not (Void or BillAgain)) fault = $"{UsageCorrection.Action}: must be {Void} or {BillAgain}, is '{action}'";
        else if (Place(document) is not var (contract, ordinal)) fault = $"{UsageCorrection.Of}: '{document}' is not the id of a document that closes a period (CONTRACT/0000/period)";
        else if (d.GetValueOrDefault(Who) is not { Length: > 0 } by) fault = $"{Who}: is missing";
        else if (d.GetValueOrDefault(Why) is not { Length: > 0 } reason) fault = $"{Why}: is missing";
        else return new(document, contract, ordinal, action == BillAgain, by, reason);
        return null;
    }

    /// <summary>The contract and period of a document's id; null where it does not close a period.</summary>
    public static (string Contract, int Ordinal)? Place(string document)
    {
        var parts = document.Split('/');
        if (parts.Length < 3 || parts[^1] != "period" || parts[^2].Length is < 4 or > 9 || !int.TryParse(parts[^2], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var ordinal)) return null;
        return (string.Join('/', parts[..^2]), ordinal);
    }
}
