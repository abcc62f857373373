using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Aggregators.Rating;

/// <summary>
/// What a window is rated by and billed under, chosen when it opens and kept with it: a later change of the contract does not reach it.
/// <see cref="Id"/> follows from the content (the first 16 bytes of its SHA-256).
/// </summary>
public sealed class Terms
{
    /// <param name="rates">Null: the price needs the whole period.</param>
    /// <param name="byEvent">The period's usage is fed from each event, not from the closed window.</param>
    /// <param name="counted">Each event counts towards a feature.</param>
    public Terms(string contractId, int contractVersion, string legalEntity, string product, RateCard? rates, bool byEvent = false, bool counted = false)
    {
        ContractId = contractId;
        ContractVersion = contractVersion;
        LegalEntity = legalEntity;
        Product = product;
        Rates = rates;
        ByEvent = byEvent;
        Counted = counted;
        EachEvent = byEvent || counted;
        MaxQuantity = rates?.MaxQuantity ?? RateCard.MostQuantity;
        var buffer = new ArrayBufferWriter<byte>();
        Write(buffer);
        Id = BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(buffer.WrittenSpan));
    }

    public UInt128 Id { get; }

    public string ContractId { get; }

    public int ContractVersion { get; }

    public string LegalEntity { get; }

    public string Product { get; }

    /// <summary>Null: the window is not rated, its usage is priced with the period.</summary>
    public RateCard? Rates { get; }

    /// <summary>How much a period may hold.</summary>
    public ExactDecimal MaxQuantity { get; }

    /// <summary>Whether each event was given to the period's usage when it was accepted.</summary>
    public bool ByEvent { get; }

    /// <summary>Whether each accepted event was counted towards metered features.</summary>
    public bool Counted { get; }

    /// <summary>Whether events are looked at one by one at all.</summary>
    public bool EachEvent { get; }

    public Terms FedByEvent() => ByEvent ? this : new(ContractId, ContractVersion, LegalEntity, Product, Rates, byEvent: true, Counted);

    public Terms CountedByEvent() => Counted ? this : new(ContractId, ContractVersion, LegalEntity, Product, Rates, ByEvent, counted: true);

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new AvroWriter(output);
        writer.WriteString(ContractId);
        writer.WriteInt(ContractVersion);
        writer.WriteString(LegalEntity);
        writer.WriteString(Product);
        writer.WriteString(Rates?.Currency ?? "");
        writer.WriteInt(Rates?.Tiers.Count ?? 0);
        foreach (var tier in Rates?.Tiers ?? [])
        {
            writer.WriteString(tier.UpTo?.ToString() ?? "");
            writer.WriteString(tier.UnitPrice.ToString());
        }
        if (EachEvent) writer.WriteBoolean(ByEvent);
        if (Counted) writer.WriteBoolean(true);
    }

    public static Terms Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new AvroReader(bytes);
        var (contract, version, entity, product, currency) = (reader.ReadString(), reader.ReadInt(), reader.ReadString(), reader.ReadString(), reader.ReadString());
        var tiers = new List<RateTier>();
        for (var count = reader.ReadInt(); count > 0; count--)
        {
            var upTo = reader.ReadString();
            tiers.Add(new(upTo.Length == 0 ? null : ExactDecimal.Parse(upTo), ExactDecimal.Parse(reader.ReadString())));
        }
        var byEvent = reader.Remaining > 0 && reader.ReadBoolean();
        var counted = reader.Remaining > 0 && reader.ReadBoolean();
        reader.ExpectEnd();
        return new(contract, version, entity, product, tiers.Count == 0 ? null : new(currency, tiers), byEvent, counted);
    }
}
