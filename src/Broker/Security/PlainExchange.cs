using System.Text;

namespace Streams.Broker.Security;

/// <summary>PLAIN (RFC 4616): one message with name and password. To act for somebody else is not possible.</summary>
internal sealed class PlainExchange(SaslUsers users) : SaslExchange
{
    public override SaslStep Take(ReadOnlySpan<byte> message)
    {
        var parts = Encoding.UTF8.GetString(message).Split('\0');
        if (parts.Length != 3) return SaslStep.Failed;
        var (actingFor, name, password) = (parts[0], parts[1], parts[2]);
        var right = name.Length > 0 && password.Length > 0 && users.IsPassword(name, password) && (actingFor.Length == 0 || actingFor == name);
        return right ? SaslStep.Done([], name) : SaslStep.Failed;
    }
}
