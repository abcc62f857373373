using System.Security.Cryptography;
using System.Text;

namespace Streams.Broker.Security;

/// <summary>
/// What is kept of a password (RFC 5802): enough to check a proof and to give one, not enough to log in elsewhere. Names and passwords are taken as
/// UTF-8 without further preparation, as Kafka takes them.
/// </summary>
internal sealed record ScramCredential(ScramMechanism Mechanism, int Iterations, byte[] Salt, byte[] StoredKey, byte[] ServerKey)
{
    public const int MinIterations = 4096;
    public const int MaxIterations = 1_000_000;
    public const int SaltSize = 16;

    public static ScramCredential Create(ScramMechanism mechanism, string password, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        var (stored, server) = mechanism.Keys(password, salt, iterations);
        return new ScramCredential(mechanism, iterations, salt, stored, server);
    }

    public bool IsPassword(string password) => CryptographicOperations.FixedTimeEquals(Mechanism.Keys(password, Salt, Iterations).StoredKey, StoredKey);

    /// <summary>Whether the proof of a client, over the messages exchanged, comes from someone who knows the password.</summary>
    public bool IsProof(ReadOnlySpan<byte> proof, string messages)
    {
        if (proof.Length != Mechanism.Size) return false;
        var key = Mechanism.Hmac(StoredKey, Encoding.UTF8.GetBytes(messages));
        for (var i = 0; i < key.Length; i++) key[i] ^= proof[i];
        return CryptographicOperations.FixedTimeEquals(Mechanism.Hash(key), StoredKey);
    }

    public byte[] ServerSignature(string messages) => Mechanism.Hmac(ServerKey, Encoding.UTF8.GetBytes(messages));
}
