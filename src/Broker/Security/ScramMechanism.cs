using System.Security.Cryptography;
using System.Text;

namespace Streams.Broker.Security;

/// <summary>One of the two SCRAM mechanisms that Kafka has, with its hash.</summary>
internal sealed class ScramMechanism
{
    public static readonly ScramMechanism Sha256 = new("SCRAM-SHA-256", HashAlgorithmName.SHA256, 32);
    public static readonly ScramMechanism Sha512 = new("SCRAM-SHA-512", HashAlgorithmName.SHA512, 64);

    private readonly HashAlgorithmName _hash;

    private ScramMechanism(string name, HashAlgorithmName hash, int size) => (Name, _hash, Size) = (name, hash, size);

    public string Name { get; }

    /// <summary>Bytes of the hash.</summary>
    public int Size { get; }

    public static ScramMechanism? Find(string name) => name == Sha256.Name ? Sha256 : name == Sha512.Name ? Sha512 : null;

    public byte[] Hash(ReadOnlySpan<byte> bytes) => CryptographicOperations.HashData(_hash, bytes);

    public byte[] Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes) => CryptographicOperations.HmacData(_hash, key, bytes);

    /// <summary>The two keys that a password, a salt and a number of iterations lead to.</summary>
    public (byte[] StoredKey, byte[] ServerKey) Keys(string password, byte[] salt, int iterations)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, _hash, Size);
        return (Hash(Hmac(salted, "Client Key"u8)), Hmac(salted, "Server Key"u8));
    }
}
