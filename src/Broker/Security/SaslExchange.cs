namespace Streams.Broker.Security;

/// <summary>The answer to one message of a SASL exchange: it goes on, it is done and the client is <see cref="User"/>, or it has failed.</summary>
internal readonly record struct SaslStep(byte[] Reply, string? User, bool HasFailed)
{
    public static readonly SaslStep Failed = new([], null, true);

    public static SaslStep Next(byte[] reply) => new(reply, null, false);

    public static SaslStep Done(byte[] reply, string user) => new(reply, user, false);
}

/// <summary>The broker's side of a SASL mechanism, for one client.</summary>
internal abstract class SaslExchange
{
    public const string Plain = "PLAIN";

    public abstract SaslStep Take(ReadOnlySpan<byte> message);

    public static SaslExchange? Create(string mechanism, SaslUsers users) =>
        mechanism == Plain ? new PlainExchange(users) : ScramMechanism.Find(mechanism) is { } scram ? new ScramExchange(scram, users) : null;
}
