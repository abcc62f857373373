using System.Xml.Linq;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>What S/4HANA checks of a journal entry; each finding is a log item of severity 3.</summary>
sealed class SapRules(SapSimulator erp, SapSetup account)
{
    public IReadOnlyList<SapMessage> Check(XElement entry, SimulatedRecord record)
    {
        var found = new List<SapMessage>();
        if (!SapJournalEntry.IsDate(record.Date) || !SapJournalEntry.IsDate(record.Field("documentDate"))) found.Add(new("014(F5)", 3, "Enter a valid date"));
        if (!erp.Master.Has("companies", record.Company!)) found.Add(new("117(F5)", 3, $"Company code {record.Company} does not exist"));
        if (found.Count == 0) CheckPeriod(entry, record, found);
        CheckAccounts(entry, record, found);
        CheckAmounts(entry, record, found);
        return found;
    }

    // Account types have switches of their own: a debtor's posting may fail while the ledger's works.
    void CheckPeriod(XElement entry, SimulatedRecord record, List<SapMessage> found)
    {
        foreach (var (type, present) in new[] { ("S", true), ("D", entry.Children("DebtorItem").Any()), ("K", entry.Children("CreditorItem").Any()) })
        {
            if (present && !erp.Periods.IsOpen(record.Date!, type))
            {
                found.Add(new("201(F5)", 3, PeriodText(record.Date!, type)));
                return;
            }
        }
    }

    public static string PeriodText(string date, string type) => $"Posting period 0{date[5..7]} {date[..4]} is not open for account type {type}";

    void CheckAccounts(XElement entry, SimulatedRecord record, List<SapMessage> found)
    {
        foreach (var item in entry.Children("Item"))
        {
            var number = item.Value("GLAccount");
            if (number is null) found.Add(new("002(F5)", 3, "Enter a G/L account"));
            else if (account.ReconciliationAccounts.Contains(number)) found.Add(new("351(F5)", 3, $"Account {number} in company code {record.Company} cannot be directly posted to"));
            else if (!erp.Master.Has("accounts", number)) found.Add(new("507(F5)", 3, $"G/L account {number} is not defined in chart of accounts {account.ChartOfAccounts}"));
        }
        foreach (var debtor in entry.Children("DebtorItem").Select(i => i.Value("Debtor")))
        {
            if (debtor is null || !erp.Master.HasCustomer(debtor)) found.Add(new("102(F5)", 3, $"Customer {debtor} is not defined in company code {record.Company}"));
        }
    }

    void CheckAmounts(XElement entry, SimulatedRecord record, List<SapMessage> found)
    {
        var items = entry.Elements().Where(e => e.Name.LocalName is "Item" or "DebtorItem" or "CreditorItem" or "ProductTaxItem").ToList();
        if (items.Count < 2) found.Add(new("111(F5)", 3, "Document has fewer than two line items"));
        foreach (var error in items.Select(SapJournalEntry.AmountError).OfType<string>().Distinct()) found.Add(new("004(FH)", 3, error));
        var currencies = items.Select(i => i.Child("AmountInTransactionCurrency")?.Attribute("currencyCode")?.Value).Distinct().ToList();
        if (currencies.Count != 1 || currencies[0] is not { Length: 3 } currency || !erp.Master.Has("currencies", currency)) found.Add(new("010(FH)", 3, "Currency is missing, unknown or not the same in all items"));
        var balance = record.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit) - ExactDecimal.Parse(l.Credit));
        if (balance != ExactDecimal.Zero) found.Add(new("702(F5)", 3, $"Balance in transaction currency: {balance}"));
    }
}
