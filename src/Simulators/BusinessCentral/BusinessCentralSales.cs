using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>salesInvoices and salesCreditMemos: drafts with their lines, and the action that posts them. A second draft of an external number is taken.</summary>
sealed class BusinessCentralSales(BusinessCentralSimulator erp, BusinessCentralSetup account)
{
    public const string Invoices = "salesInvoices", CreditMemos = "salesCreditMemos";

    public static string LinesOf(string set) => set == Invoices ? "salesInvoiceLines" : "salesCreditMemoLines";

    public Answer Create(string company, string set, JsonElement body)
    {
        if (body.Str("externalDocumentNumber") is { Length: > 35 }) return erp.Refuse("Application_StringExceededLength", "The length of the string is 36, but it must be less than or equal to 35 characters.");
        if (body.Str("customerNumber") is not { } customer) return erp.Refuse("Application_FieldValidationException", "Sell-to Customer No. must have a value.");
        if (!erp.Master.HasCustomer(customer)) return erp.Refuse("Internal_RecordNotFound", $"The Customer does not exist. Identification fields and values: No.='{customer}'.");
        if (body.Str("currencyCode") is { Length: > 0 } currency && !erp.Master.Has("currencies", currency)) return erp.Refuse("Internal_RecordNotFound", $"The Currency does not exist. Identification fields and values: Code='{currency}'.");
        var record = new SimulatedRecord
        {
            Id = erp.NewId(), Type = set, Kind = set == Invoices ? RecordKind.Invoice : RecordKind.CreditMemo, Key = body.Str("externalDocumentNumber"), Company = company, Party = customer,
            Currency = body.Str("currencyCode") is { Length: > 0 } code ? code : account.LocalCurrency, Date = Day(body, set), Number = $"{(set == Invoices ? "S-INV" : "S-CR")}{101_000 + erp.Work.Created}",
            Fields = new Dictionary<string, string> { ["documentDate"] = body.Str(set == Invoices ? "invoiceDate" : "creditMemoDate") ?? "", ["appliesTo"] = body.Str("invoiceNumber") ?? "" },
        };
        foreach (var line in body.Items(LinesOf(set)))
        {
            if (Add(ref record, line) is { } refusal) return refusal;
        }
        if (erp.Faults.OfRecord(SimulatorFault.BatchPartial, set, record.Key) is not null) return erp.Say(Trouble.Validation);
        return Answer.Of(201, Show(erp.Work.Put(record)), BusinessCentralSimulator.Json);
    }

    public Answer AddLine(SimulatedRecord record, JsonElement line)
    {
        if (record.Posted) return erp.Refuse("Application_DialogException", "The document is posted.");
        return Add(ref record, line) ?? Answer.Of(201, ShowLine(erp.Work.Put(record with { Event = RecordEvent.Changed }), record.Lines.Count - 1), BusinessCentralSimulator.Json);
    }

    public Answer Post(SimulatedRecord record)
    {
        if (record.Posted) return erp.Refuse("Application_DialogException", "The document is already posted.");
        if (record.Lines.Count == 0) return erp.Refuse("Application_DialogException", "There is nothing to post.");
        if (!erp.Periods.IsOpen(record.Date!)) return erp.Say(Trouble.ClosedPeriod);
        var total = record.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Credit) - ExactDecimal.Parse(l.Debit));
        var receivable = record.Kind == RecordKind.CreditMemo ? new SimulatedLine("receivable", "0", record.Amount) : Side("receivable", total);
        erp.Work.Put(record with { Event = RecordEvent.Posted, Posted = true, Number = $"P{record.Number}", Lines = [receivable, .. record.Lines] });
        return new Answer(204);
    }

    /// <summary>A posted invoice is not deleted: cancel makes a corrective credit memo.</summary>
    public Answer Cancel(SimulatedRecord record)
    {
        if (!record.Posted || record.Type != Invoices) return erp.Refuse("Application_DialogException", "Only posted invoices can be cancelled.");
        erp.Work.Put(record with { Event = RecordEvent.Changed, Fields = new Dictionary<string, string>(record.Fields) { ["status"] = "Canceled" } });
        erp.Work.Put(record with
        {
            Event = RecordEvent.Created, Id = erp.NewId(), Type = CreditMemos, Kind = RecordKind.CreditMemo, Key = null, Number = $"PS-CR{101_000 + erp.Work.Created}",
            Lines = [.. record.Lines.Select(l => l with { Debit = l.Credit, Credit = l.Debit })], Fields = new Dictionary<string, string> { ["appliesTo"] = record.Number! },
        });
        return new Answer(204);
    }

    public JsonObject Show(SimulatedRecord record, bool lines = false)
    {
        var invoice = record.Type == Invoices;
        var body = new JsonObject
        {
            ["@odata.etag"] = BusinessCentralSimulator.Tag(record), ["id"] = record.Id, ["number"] = record.Number, ["externalDocumentNumber"] = record.Key ?? "", [invoice ? "invoiceDate" : "creditMemoDate"] = record.Field("documentDate"),
            ["postingDate"] = record.Date, ["customerNumber"] = record.Party, ["currencyCode"] = record.Currency == account.LocalCurrency ? account.LocalCurrency : record.Currency,
            ["totalAmountExcludingTax"] = Answer.Number(record.Amount), ["totalTaxAmount"] = 0, ["totalAmountIncludingTax"] = Answer.Number(record.Amount), ["remainingAmount"] = Answer.Number(record.Amount),
            ["status"] = record.Field("status") ?? (record.Posted ? "Open" : "Draft"),
        };
        if (!invoice) body["invoiceNumber"] = record.Field("appliesTo");
        if (lines) body[LinesOf(record.Type)] = new JsonArray([.. Enumerable.Range(0, record.Lines.Count).Where(i => record.Lines[i].Account != "receivable").Select(i => ShowLine(record, i))]);
        return body;
    }

    public static JsonObject ShowLine(SimulatedRecord record, int place)
    {
        var line = record.Lines[place];
        return new JsonObject
        {
            ["id"] = $"{record.Id[..24]}{place:D12}", ["documentId"] = record.Id, ["sequence"] = 10_000 * (place + 1), ["lineType"] = line.Account.StartsWith("item:", StringComparison.Ordinal) ? "Item" : "Account",
            ["lineObjectNumber"] = line.Account.Split(':')[^1], ["description"] = line.Text, ["amountExcludingTax"] = Answer.Number(Amount(record, line)), ["netAmount"] = Answer.Number(Amount(record, line)),
        };
    }

    static ExactDecimal Amount(SimulatedRecord record, SimulatedLine line)
    {
        var credit = ExactDecimal.Parse(line.Credit) - ExactDecimal.Parse(line.Debit);
        return record.Kind == RecordKind.CreditMemo ? -credit : credit;
    }

    Answer? Add(ref SimulatedRecord record, JsonElement line)
    {
        var item = line.Str("lineType") != "Account";
        if (line.Str("lineObjectNumber") is not { } number) return erp.Refuse("Application_FieldValidationException", "No. must have a value.");
        if (!erp.Master.Has(item ? "items" : "accounts", number)) return erp.Refuse("Internal_RecordNotFound", $"The {(item ? "Item" : "G/L Account")} does not exist. Identification fields and values: No.='{number}'.");
        if (line.Str("description") is { Length: > 100 }) return erp.Refuse("Application_StringExceededLength", "The length of the string is 101, but it must be less than or equal to 100 characters.");
        var amount = Product(line.Number("quantity") ?? ExactDecimal.FromInteger(1), line.Number("unitPrice") ?? ExactDecimal.Zero);
        var credit = record.Kind == RecordKind.CreditMemo ? -amount : amount;
        record = record with { Lines = [.. record.Lines, Side($"{(item ? "item" : "account")}:{number}", -credit) with { Text = line.Str("description") }], Amount = (ExactDecimal.Parse(record.Amount) + amount).ToString() };
        return null;
    }

    static ExactDecimal Product(ExactDecimal quantity, ExactDecimal price) => new ExactDecimal((Int128)ExactDecimal.DivideHalfEven((BigInteger)quantity.Unscaled * price.Unscaled, ExactDecimal.One)).Round(2);

    static SimulatedLine Side(string name, ExactDecimal debit) => debit < ExactDecimal.Zero ? new(name, "0", (-debit).ToString()) : new(name, debit.ToString(), "0");

    static string Day(JsonElement body, string set)
    {
        var text = body.Str("postingDate") ?? body.Str(set == Invoices ? "invoiceDate" : "creditMemoDate") ?? throw new FormatException("postingDate is missing");
        return DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
