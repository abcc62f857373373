using System.Buffers;
using System.Text;
using Streams.Aggregators.Metering;
using Streams.Schemas;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Billing;

/// <summary>Makes one invoice for each customer and contract version of a billing period that is over, in the order of the keys.</summary>
sealed class BillingEmitter(MeteringOptions options, IProcessorContext context)
{
    public const string Documents = "documents";

    const int Revision = 1;

    readonly ArrayBufferWriter<byte> _buffer = new(1024);

    /// <summary>Emits the documents of all periods whose end and grace lie at or before stream time.</summary>
    public void Emit(BillingLedger ledger, long streamTime)
    {
        while (ledger.FirstPeriod != int.MaxValue && BillingPeriod.End(ledger.FirstPeriod) + options.PeriodGrace <= streamTime)
        {
            var documents = ledger.TakeFirst().GroupBy(l => l.Key.Document).ToList();
            var shared = documents.CountBy(d => Parties(d.Key)).ToDictionary();
            foreach (var lines in documents) Forward(Document(lines.Key, [.. lines], alone: shared[Parties(lines.Key)] == 1));
        }
    }

    /// <summary>What a posting key says of a document besides contract and version.</summary>
    static BillingKey Parties(BillingKey key) => key with { Contract = "", Version = 0 };

    ErpDocument Document(BillingKey key, BillingLine[] lines, bool alone)
    {
        var period = BillingPeriod.Name(key.Period);
        var party = alone ? key.Customer : PostingKey.Party(key.Customer, key.Contract, key.Version);
        var entries = lines.Select((line, i) => Line(line, i + 1)).ToList();
        return DocumentHash.Put(new ErpDocument
        {
            DocumentKey = PostingKey.Create(options.Tenant, key.LegalEntity, "AR_INVOICE", period, key.Currency, party, Revision),
            Tenant = options.Tenant,
            LegalEntity = key.LegalEntity,
            Kind = DocumentKind.ArInvoice,
            CustomerId = key.Customer,
            ContractId = key.Contract,
            ContractVersion = key.Version,
            Period = period,
            Revision = Revision,
            Currency = key.Currency,
            DocumentDate = BillingPeriod.FirstDay(key.Period + 1).AddDays(-1),
            ServiceFrom = new(BillingPeriod.Start(key.Period)),
            ServiceTo = new(BillingPeriod.End(key.Period)),
            Lines = entries,
            RatedTotal = entries.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.RatedAmount),
            Total = entries.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount),
            ContentHash = "",
        });
    }

    ErpDocumentLine Line(BillingLine line, int number) => new()
    {
        Line = number,
        Product = line.Key.Product,
        Meter = line.Key.Meter,
        Quantity = line.Quantity,
        RatedAmount = line.Amount,
        Amount = new Money(line.Amount, line.Key.Currency).ToMinorUnits().Amount,
        Windows = line.Windows,
        Events = line.Events,
        Lineage =
        [
            new() { Topic = options.InputTopic, Partition = context.Partition, FirstOffset = line.FirstOffset, LastOffset = line.LastOffset, Events = line.Events },
        ],
    };

    void Forward(ErpDocument document)
    {
        _buffer.ResetWrittenCount();
        WireFormat.WriteHeader(_buffer, options.Schemas.ErpDocument);
        document.Write(_buffer);
        context.Forward(Documents, Encoding.UTF8.GetBytes(document.CustomerId), _buffer.WrittenSpan, document.ServiceTo.Millis - 1);
        Telemetry.Document("period");
    }
}
