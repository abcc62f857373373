using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>One cell of the matrix: an ERP with a fault, a sink that dies at a point, and a repetition.</summary>
sealed record Scenario(MatrixErp Erp, MatrixFault Fault, string Point, int Repetition)
{
    public const int Repetitions = 3;

    /// <summary>The points of the sink's way, from the topic to the receipt.</summary>
    public static readonly string[] Points =
    [
        "sink.after_plan", "sink.before_offset_commit", "sink.after_permit", "sink.after_claim", "sink.after_attempt_row", "sink.after_send", "sink.after_created",
        "sink.before_finish", "sink.after_finish", "sink.before_confirm", "sink.after_confirm", "sink.before_publish", "sink.after_publish",
    ];

    public static readonly DocumentKind[] Kinds = [DocumentKind.ArInvoice, DocumentKind.GlJournal, DocumentKind.CreditMemo, DocumentKind.Receipt];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. from repetition in Enumerable.Range(0, Repetitions) from erp in MatrixErp.All from fault in MatrixFault.All from point in Points select new Scenario(erp, fault, point, repetition),
    ];

    /// <summary>By which it can be run alone.</summary>
    public string Name => $"{Erp}/{Fault}/{Point}/{Repetition}";

    /// <summary>Of the faults' draws and of the moment of the kill.</summary>
    public int Seed => (int)(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(Name))) % 1_000_000);

    /// <summary>Two invoices, of which one is paid, a credit memo, a journal and the payment.</summary>
    public static IReadOnlyList<ErpDocument> Documents(string prefix)
    {
        ErpDocument Of(int customer, DocumentKind kind) => Tests.Documents.Create(customer, kind: kind, prefix: prefix);
        var paid = Of(1, DocumentKind.ArInvoice);
        var receipt = Of(6, DocumentKind.Receipt) with { CustomerId = paid.CustomerId };
        receipt = Tests.Documents.Hashed(receipt with
        {
            DocumentKey = Schemas.Identity.PostingKey.Create(receipt.Tenant, receipt.LegalEntity, "RECEIPT", receipt.Period, receipt.Currency, receipt.CustomerId, receipt.Revision),
            Lines = [receipt.Lines[0] with { Meter = paid.DocumentKey, Product = "wire", Amount = ExactDecimal.Parse("3.07"), RatedAmount = ExactDecimal.Parse("3.07") }],
            Total = ExactDecimal.Parse("3.07"), RatedTotal = ExactDecimal.Parse("3.07"),
        });
        return [paid, Of(2, DocumentKind.ArInvoice), Of(3, DocumentKind.CreditMemo), Of(4, DocumentKind.GlJournal), receipt];
    }
}

/// <summary>What came of a scenario. <paramref name="Differences"/>: what is not as it must be, with the kind of the document it is about.</summary>
sealed record ScenarioResult(Scenario Scenario, bool Killed, int FaultsMet, int Confirmed, int Listed, IReadOnlyList<(DocumentKind Kind, string Text)> Differences)
{
    public bool IsGreen => Differences.Count == 0;
}
