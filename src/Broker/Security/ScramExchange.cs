using System.Security.Cryptography;
using System.Text;

namespace Streams.Broker.Security;

/// <summary>
/// SCRAM (RFC 5802, RFC 7677) without channel binding: the client proves that it knows the password, the broker that it knows the credential. Extensions
/// of the first message are passed over, but for mandatory ones and Kafka's delegation tokens, which are refused.
/// </summary>
internal sealed class ScramExchange(ScramMechanism mechanism, SaslUsers users) : SaslExchange
{
    private const int NonceSize = 24;
    private ScramCredential? _credential;
    private string _name = "";
    private string _header = "";
    private string _nonce = "";
    private string _messages = "";

    public override SaslStep Take(ReadOnlySpan<byte> message)
    {
        var text = Encoding.UTF8.GetString(message);
        return _credential is null ? First(text) : Last(text, _credential);
    }

    private SaslStep First(string message)
    {
        // gs2-header: flag, "," authzid ","; then the bare message "n=name,r=nonce".
        var parts = message.Split(',', 3);
        if (parts.Length != 3 || parts[0] is not ("n" or "y")) return SaslStep.Failed;
        var bare = parts[2];
        var fields = bare.Split(',');
        if (fields.Length < 2 || Name(fields[0]) is not { Length: > 0 } name || Value(fields[1], 'r') is not { Length: > 0 } nonce) return SaslStep.Failed;
        if (fields.Contains("tokenauth=true") || (parts[1].Length > 0 && parts[1] != $"a={fields[0][2..]}")) return SaslStep.Failed;
        _credential = users.Find(name, mechanism);
        _name = name;
        _header = $"{parts[0]},{parts[1]},";
        _nonce = nonce + Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceSize));
        var reply = FormattableString.Invariant($"r={_nonce},s={Convert.ToBase64String(_credential.Salt)},i={_credential.Iterations}");
        _messages = $"{bare},{reply}";
        return SaslStep.Next(Encoding.UTF8.GetBytes(reply));
    }

    private SaslStep Last(string message, ScramCredential credential)
    {
        var proofAt = message.LastIndexOf(",p=", StringComparison.Ordinal);
        if (proofAt < 0) return SaslStep.Failed;
        var without = message[..proofAt];
        var fields = without.Split(',');
        if (fields.Length < 2 || Value(fields[0], 'c') != Convert.ToBase64String(Encoding.UTF8.GetBytes(_header)) || Value(fields[1], 'r') != _nonce) return SaslStep.Failed;
        var text = message[(proofAt + 3)..];
        var proof = new byte[message.Length];
        // One text for each proof: bits that the last letter has too many would be passed over (RFC 4648 section 3.5).
        if (!Convert.TryFromBase64String(text, proof, out var length) || Convert.ToBase64String(proof.AsSpan(0, length)) != text) return SaslStep.Failed;
        var messages = $"{_messages},{without}";
        if (!credential.IsProof(proof.AsSpan(0, length), messages)) return SaslStep.Failed;
        return SaslStep.Done(Encoding.UTF8.GetBytes($"v={Convert.ToBase64String(credential.ServerSignature(messages))}"), _name);
    }

    private static string? Value(string field, char key) => field.Length >= 2 && field[0] == key && field[1] == '=' ? field[2..] : null;

    /// <summary>In names, a comma is "=2C" and an equals sign "=3D"; another "=" is a mistake.</summary>
    private static string? Name(string field)
    {
        var name = Value(field, 'n');
        var rest = name?.Replace("=2C", "").Replace("=3D", "");
        return rest is null || rest.Contains('=') ? null : name!.Replace("=2C", ",").Replace("=3D", "=");
    }
}
