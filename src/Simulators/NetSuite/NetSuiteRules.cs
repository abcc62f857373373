using System.Text.Json;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>What NetSuite checks of a record, by its own reading of the body.</summary>
sealed class NetSuiteRules(NetSuiteSimulator erp, NetSuiteSetup account)
{
    static readonly ExactDecimal Limit = ExactDecimal.FromInteger(10_000_000_000);

    /// <summary>Why the record is refused, or null.</summary>
    public NetSuiteRefusal? Check(SimulatedRecord record, JsonElement body)
    {
        if (record.Type == "customer") return null;
        return CheckParty(record) ?? CheckDate(record) ?? CheckMasterData(record) ?? record.Type switch
        {
            "journalEntry" => CheckJournal(record),
            "customerPayment" => CheckPayment(record, body),
            _ => CheckItems(record, body),
        };
    }

    NetSuiteRefusal? CheckParty(SimulatedRecord record)
    {
        if (record.Type == "journalEntry") return null;
        var field = record.Type == "customerPayment" ? "customer" : "entity";
        if (record.Party is null) return new($"Please enter value(s) for: {(field == "entity" ? "Customer" : "Customer Payment")}.", field);
        return erp.Master.HasCustomer(record.Party) ? null : Invalid(record.Party, field);
    }

    NetSuiteRefusal? CheckDate(SimulatedRecord record)
    {
        if (!NetSuiteRecords.IsDate(record.Date)) return new("Please enter value(s) for: Date.", "tranDate");
        return erp.Periods.IsOpen(record.Date!) ? null : new(account.ClosedPeriodText, "postingPeriod");
    }

    NetSuiteRefusal? CheckMasterData(SimulatedRecord record)
    {
        if (record.Company is not null && !erp.Master.Has("companies", record.Company)) return Invalid(record.Company, "subsidiary");
        if (record.Currency is not null && !erp.Master.Has("currencies", record.Currency)) return Invalid(record.Currency, "currency");
        return null;
    }

    NetSuiteRefusal? CheckItems(SimulatedRecord record, JsonElement body)
    {
        var items = body.Member("item").Items("items").ToList();
        if (items.Count == 0) return new("You must enter at least one line item for this transaction.", "item");
        for (var i = 0; i < items.Count; i++)
        {
            var path = $"item.items[{i}]";
            if (NetSuiteRecords.Reference(items[i], "item") is not { } item) return new("Please choose an item to add", path);
            if (!erp.Master.Has("items", item)) return new($"Error while accessing a resource. You have entered an Invalid Field Value {item} for the following field: item.", path);
            if (TooLarge(items[i], "quantity") || TooLarge(items[i], "rate") || TooLarge(items[i], "amount")) return new("Invalid number (must be less than 10000000000).", path);
        }
        if (items.Any(i => i.Number("rate") is not null) && NetSuiteRecords.Sum(items, "amount") != items.Aggregate(ExactDecimal.Zero, (sum, i) => sum + Extended(i)))
            return new("Amount is not quantity times rate.", "item");
        return ExactDecimal.Parse(record.Amount) < ExactDecimal.Zero ? new("Invalid amount.", "item") : CheckApplied(record, body);
    }

    NetSuiteRefusal? CheckPayment(SimulatedRecord record, JsonElement body)
    {
        var paid = ExactDecimal.Parse(record.Amount);
        if (paid <= ExactDecimal.Zero) return new("Please enter value(s) for: Payment Amount.", "payment");
        if (NetSuiteRecords.Sum(body.Member("apply").Items("items"), "amount") > paid) return new("You cannot apply more than your total payments", "apply");
        return CheckApplied(record, body);
    }

    NetSuiteRefusal? CheckApplied(SimulatedRecord record, JsonElement body)
    {
        var place = 0;
        foreach (var apply in body.Member("apply").Items("items"))
        {
            var path = $"apply.items[{place++}]";
            var name = NetSuiteRecords.Document(apply);
            var document = name is null ? null : name.StartsWith("eid:", StringComparison.Ordinal) ? erp.Journal.Find("invoice", name[4..]) : erp.Journal.Get(name);
            if (document is null) return new($"Error while accessing a resource. You have entered an Invalid Field Value {name} for the following field: doc.", path);
            if (document.Party != record.Party) return new($"Error while accessing a resource. The document {name} belongs to another customer.", path);
        }
        return null;
    }

    NetSuiteRefusal? CheckJournal(SimulatedRecord record)
    {
        if (record.Company is null) return new("Please enter value(s) for: Subsidiary.", "subsidiary");
        var (debits, credits) = (ExactDecimal.Zero, ExactDecimal.Zero);
        for (var i = 0; i < record.Lines.Count; i++)
        {
            var line = record.Lines[i];
            if (line.Account.Length == 0) return new("Please enter value(s) for: Account.", $"line.items[{i}]");
            if (!erp.Master.Has("accounts", line.Account)) return new($"Error while accessing a resource. You have entered an Invalid Field Value {line.Account} for the following field: account.", $"line.items[{i}]");
            debits += ExactDecimal.Parse(line.Debit);
            credits += ExactDecimal.Parse(line.Credit);
        }
        if (debits != credits) return new("The amounts in the journal entry do not balance.", "line");
        if (debits >= Limit) return new("Invalid number (must be less than 10000000000).", "line");
        return record.Lines.Count < 2 ? new("You must enter at least two lines for this transaction.", "line") : null;
    }

    static bool TooLarge(JsonElement line, string field) => line.Number(field) is { } number && (number >= Limit || number <= -Limit);

    static ExactDecimal Extended(JsonElement item)
    {
        var (quantity, rate) = (item.Number("quantity") ?? ExactDecimal.FromInteger(1), item.Number("rate") ?? item.Number("amount") ?? ExactDecimal.Zero);
        if (quantity == ExactDecimal.FromInteger(1)) return rate;
        return new ExactDecimal((Int128)ExactDecimal.DivideHalfEven((System.Numerics.BigInteger)quantity.Unscaled * rate.Unscaled, ExactDecimal.One)).Round(2);
    }

    static NetSuiteRefusal Invalid(string value, string field) => new($"Error while accessing a resource. You have entered an Invalid Field Value {value} for the following field: {field}.", field);
}
