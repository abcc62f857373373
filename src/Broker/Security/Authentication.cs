using Streams.Broker.Protocol;

namespace Streams.Broker.Security;

/// <summary>
/// What one connection may do: everything where the listener asks for no names; else nothing but finding out versions and authenticating until it has
/// authenticated, in small frames. Asked by the connection before each request.
/// </summary>
internal sealed class Authentication(ListenerSecurity security)
{
    private const int MaxFrameBefore = 16 << 10;
    private SaslExchange? _exchange;
    private string? _mechanism;
    private long _expiresAt = long.MaxValue;

    /// <summary>Who the client is; null while nobody knows, and where nobody asks.</summary>
    public string? User { get; private set; }

    public bool IsComplete => User is not null || security.Sasl is null;

    /// <summary>Set when the client could not prove itself: the connection is closed once it has been told.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>After a handshake of version 0 the frames are the mechanism's messages, without headers.</summary>
    public bool TakesTokens { get; private set; }

    public int MaxFrame(int configured) => IsComplete ? configured : Math.Min(configured, MaxFrameBefore);

    /// <summary>Refuses what may not be asked now; as with Kafka, the connection is closed.</summary>
    /// <exception cref="MalformedRequestException">It may not be asked.</exception>
    public void Check(ApiKey key)
    {
        if (security.Sasl is null || key is ApiKey.ApiVersions or ApiKey.SaslHandshake) return;
        if (key == ApiKey.SaslAuthenticate)
        {
            if (_exchange is null) throw new MalformedRequestException("SaslAuthenticate without SaslHandshake");
            return;
        }
        if (!IsComplete) throw new MalformedRequestException($"{key} before authentication");
        if (security.Now >= _expiresAt) throw new MalformedRequestException($"the session of {User} is over and it has not authenticated again");
    }

    /// <summary>The client chooses a mechanism.</summary>
    public ErrorCode Begin(string mechanism, short version)
    {
        if (security.Sasl is null || (User is not null && security.Sasl.SessionLifetime is null)) return ErrorCode.IllegalSaslState;
        if (!security.Mechanisms.Contains(mechanism) || (_mechanism is not null && _mechanism != mechanism))
        {
            HasFailed = true;
            return ErrorCode.UnsupportedSaslMechanism;
        }
        _mechanism = mechanism;
        _exchange = SaslExchange.Create(mechanism, security.Users);
        TakesTokens = version == 0;
        return ErrorCode.None;
    }

    /// <summary>The next message of the mechanism; a failure is answered only after a while. Who authenticates again must be who it was.</summary>
    /// <returns>The answer, or null where the client could not prove itself.</returns>
    public async Task<byte[]?> TakeAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        var step = _exchange is null ? SaslStep.Failed : _exchange.Take(message.Span);
        if (step.HasFailed || (step.User is not null && User is not null && step.User != User))
        {
            HasFailed = true;
            await security.HoldBackAsync(ct);
            return null;
        }
        if (step.User is not null) Complete(step.User);
        return step.Reply;
    }

    /// <summary>Milliseconds until the client must authenticate again; 0 for never.</summary>
    public long LifetimeMs => User is not null && security.Sasl?.SessionLifetime is { } lifetime ? (long)lifetime.TotalMilliseconds : 0;

    public IReadOnlyList<string> Mechanisms => security.Mechanisms;

    private void Complete(string user)
    {
        User = user;
        (_exchange, TakesTokens) = (null, false);
        _expiresAt = LifetimeMs == 0 ? long.MaxValue : security.Now + LifetimeMs;
    }
}
