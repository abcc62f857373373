using System.Security.Cryptography;
using System.Text;

namespace Streams.Schemas.Identity;

/// <summary>
/// The key under which a document is known to its ERP: 16 characters, because the narrowest searchable document field of the four ERPs
/// (SAP XBLNR) holds no more. It follows from what the document is about, so that the same document has the same key on every machine and in every replay.
/// </summary>
public static class PostingKey
{
    const string Crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>
    /// The party of a document that is not its customer's only one in the period: customer, contract and version, parted by a character that no id may hold.
    /// </summary>
    public static string Party(string customer, string contract, int version) =>
        string.Join('\u001F', customer, contract, version.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>In the place of the party: what the document reverses. No party looks like it, as a party of several parts has three.</summary>
    public static string Reversal(string documentKey) => string.Join('\u001F', "reverses", documentKey);

    /// <summary>Crockford base 32 of the first 80 bits of SHA-256 over the parts joined by '|', the revision written "r1".</summary>
    /// <exception cref="ArgumentException">A part is empty or holds the separator.</exception>
    public static string Create(string tenant, string legalEntity, string kind, string period, string currency, string party, int revision)
    {
        string[] parts = [tenant, legalEntity, kind, period, currency, party];
        foreach (var part in parts)
        {
            if (part.Length == 0 || part.Contains('|')) throw new ArgumentException($"'{part}' cannot be part of a posting key");
        }
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{string.Join('|', parts)}|r{revision}"));
        return string.Create(16, hash, static (key, bytes) =>
        {
            for (var i = 0; i < key.Length; i++)
            {
                var bit = i * 5;
                var pair = (bytes[bit / 8] << 8) | bytes[bit / 8 + 1];
                key[i] = Crockford[(pair >> (11 - bit % 8)) & 31];
            }
        });
    }
}
