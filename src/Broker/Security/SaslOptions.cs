namespace Streams.Broker;

/// <summary>SASL on the broker's listener: nothing is answered before a client has named itself and proved it.</summary>
public sealed record SaslOptions
{
    /// <summary>The users, one credential a line, as <see cref="SaslUsersFile"/> writes them; read when the broker starts.</summary>
    public required string UsersFile { get; init; }

    /// <summary>How long a client counts as authenticated before it must prove itself again (KIP-368); null for as long as its connection lives.</summary>
    public TimeSpan? SessionLifetime { get; init; }

    /// <summary>How long a client may take to authenticate; its connection is closed then.</summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a refusal is held back, so that guessing is slow.</summary>
    public TimeSpan FailureDelay { get; init; } = TimeSpan.FromMilliseconds(100);
}
