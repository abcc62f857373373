using System.Security.Cryptography;
using System.Text;

namespace Streams.Broker.Security;

/// <summary>Who may log in. A name that is not known gets a credential too, always the same, which no password fits: guessing names tells nothing.</summary>
internal sealed class SaslUsers(Dictionary<(string Name, string Mechanism), ScramCredential> credentials)
{
    private const int Iterations = 8192;
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    public ScramCredential Find(string name, ScramMechanism mechanism) => credentials.GetValueOrDefault((name, mechanism.Name)) ?? Nobody(name, mechanism);

    public bool IsPassword(string name, string password)
    {
        var known = new[] { ScramMechanism.Sha256, ScramMechanism.Sha512 }.Select(m => credentials.GetValueOrDefault((name, m.Name))).FirstOrDefault(c => c is not null);
        return (known ?? Nobody(name, ScramMechanism.Sha256)).IsPassword(password);
    }

    private ScramCredential Nobody(string name, ScramMechanism mechanism)
    {
        var salt = HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(name))[..ScramCredential.SaltSize];
        return new ScramCredential(mechanism, Iterations, salt, RandomNumberGenerator.GetBytes(mechanism.Size), RandomNumberGenerator.GetBytes(mechanism.Size));
    }
}
