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
    public Terms(string contractId, int contractVersion, string legalEntity, string product, RateCard rates)
    {
        ContractId = contractId;
        ContractVersion = contractVersion;
        LegalEntity = legalEntity;
        Product = product;
        Rates = rates;
        var buffer = new ArrayBufferWriter<byte>();
        Write(buffer);
        Id = BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(buffer.WrittenSpan));
    }

    public UInt128 Id { get; }

    public string ContractId { get; }

    public int ContractVersion { get; }

    public string LegalEntity { get; }

    public string Product { get; }

    public RateCard Rates { get; }

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new AvroWriter(output);
        writer.WriteString(ContractId);
        writer.WriteInt(ContractVersion);
        writer.WriteString(LegalEntity);
        writer.WriteString(Product);
        writer.WriteString(Rates.Currency);
        writer.WriteInt(Rates.Tiers.Count);
        foreach (var tier in Rates.Tiers)
        {
            writer.WriteString(tier.UpTo?.ToString() ?? "");
            writer.WriteString(tier.UnitPrice.ToString());
        }
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
        reader.ExpectEnd();
        return new(contract, version, entity, product, new(currency, tiers));
    }
}
