using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Reconciliation;

/// <summary>What a look-up of a confirmed document says of it, without a database and without a clock.</summary>
public static class ReadBackRules
{
    /// <summary>Codes with which connectors say that a key stands on several records.</summary>
    static readonly string[] DuplicateCodes = ["FOUND_TWICE", "ERP_DUPLICATE", "DUPLICATE", "SEVERAL_ROWS"];

    /// <summary>The result, or null when the answer says nothing: the document is asked for again.</summary>
    /// <param name="enough">Look-ups in a row that must find nothing.</param>
    public static ReadBackResult? Judge(string account, ConfirmedDocument confirmed, ErpAnswer answer, int enough)
    {
        var document = confirmed.Document;
        if (answer.Outcome == ErpOutcome.Duplicate || DuplicateCodes.Contains(answer.Code)) return Result(DifferenceClass.Duplicate, answer.Detail ?? "the ERP holds it more than once");
        return answer.Outcome switch
        {
            ErpOutcome.Found => Found(),
            ErpOutcome.Different => Result(DifferenceClass.Edited, answer.Detail ?? answer.Code ?? "differs"),
            ErpOutcome.Unposted => Result(DifferenceClass.Unposted, answer.Detail ?? "is not in the ERP's ledger any more"),
            ErpOutcome.Absent when confirmed.Absences + 1 >= enough => Result(DifferenceClass.Deleted, $"record {confirmed.ErpId ?? "(unnamed)"} was confirmed and is not found by its key any more"),
            ErpOutcome.Absent => new ReadBackResult(confirmed, answer.OutcomeName, confirmed.Absences + 1, null),
            _ => null,
        };

        ReadBackResult Found()
        {
            if (confirmed.ErpId is { } before && answer.ErpId is { } now && before != now) return Result(DifferenceClass.Replaced, $"was confirmed as record {before} and is {now} now");
            if (answer.PostedOn is not { } on || on == document.DocumentDate) return new ReadBackResult(confirmed, answer.OutcomeName, 0, null);
            var sameMonth = (on.Year, on.Month) == (document.DocumentDate.Year, document.DocumentDate.Month);
            return Result(sameMonth ? DifferenceClass.DateMoved : DifferenceClass.PeriodMoved, $"was to be posted at {document.DocumentDate:yyyy-MM-dd} and stands at {on:yyyy-MM-dd}");
        }

        ReadBackResult Result(string @class, string cause) => new(confirmed, answer.OutcomeName, 0, Of(@class, cause));

        Difference Of(string @class, string cause) => new(@class, confirmed.DocumentKey, account, cause, Evidence(answer))
        {
            DocumentKey = confirmed.DocumentKey, Period = confirmed.Period, LegalEntity = confirmed.LegalEntity, Currency = document.Currency, Amount = document.Total,
        };
    }

    static string Evidence(ErpAnswer answer) =>
        string.Join("; ", new[] { answer.OutcomeName, answer.HttpStatus is { } s ? $"HTTP {s}" : null, answer.Code, answer.ErpId is { } id ? $"record {id}" : null, answer.Detail }.Where(p => p is not null));
}
