using System.Globalization;
using Streams.Rating.Invoicing;
using Streams.Rating.Numbers;

namespace Streams.Cli.Rating;

/// <summary>Documents as CSV (RFC 4180): a row for each line, then one for each sum of the document that is not zero, and its total.</summary>
static class InvoiceCsv
{
    public static void Print(IEnumerable<InvoiceDocument> documents, TextWriter output)
    {
        output.WriteLine("document,customer,payer,currency,row,charge,product,description,from,to,quantity,covered,unrounded,amount");
        foreach (var document in documents)
        {
            foreach (var line in document.Lines)
            {
                Row(output, document, line.Kind.ToString(), line.Charge, line.Product, line.Description, line.Service.Start.ToString(), line.Service.End.ToString(),
                    line.Quantity.ToString(), line.Covered.ToString(), line.Unrounded.ToString(), line.Amount.ToString());
            }
            Sum(output, document, "SubTotal", document.SubTotal, always: true);
            foreach (var coupon in document.Coupons) Row(output, document, "Coupon", coupon.Coupon, "", "", "", "", "", "", "", (-coupon.Amount).ToString());
            Sum(output, document, "Adjustment", document.Adjustment);
            Sum(output, document, "Tax", document.Tax);
            foreach (var burn in document.Burns) Row(output, document, "Credit", burn.Grant, "", "", burn.At.ToString(), "", "", "", "", (-burn.Amount).ToString());
            Sum(output, document, "Carried", -document.Carried);
            Sum(output, document, "CarriedForward", document.CarriedForward);
            Sum(output, document, "Total", document.Total, always: true);
        }
    }

    static void Sum(TextWriter output, InvoiceDocument document, string name, Exact amount, bool always = false)
    {
        if (always || !amount.IsZero) Row(output, document, name, "", "", "", "", "", "", "", "", amount.ToString());
    }

    static void Row(TextWriter output, InvoiceDocument document, string row, params IEnumerable<string> cells) =>
        output.WriteLine(string.Join(',', new[] { document.Id, document.Customer, document.Payer, document.Currency, char.ToLower(row[0], CultureInfo.InvariantCulture) + row[1..] }.Concat(cells).Select(Quoted)));

    static string Quoted(string cell) => cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
