namespace Streams.Simulators;

/// <summary>Settings of a simulated NetSuite account.</summary>
public sealed record NetSuiteSetup
{
    /// <summary>The account's id, as the realm of token-based authentication spells it.</summary>
    public string Account { get; init; } = "1234567";

    /// <summary>Token-based authentication (OAuth 1.0a, HMAC-SHA256): consumer and token, each with its secret. Null: not set up.</summary>
    public TokenBasedKeys? TokenBased { get; init; }

    /// <summary>Journals that do not come with approved = true wait for approval.</summary>
    public bool ApprovalOfJournals { get; init; }

    /// <summary>A tranId may be used once only.</summary>
    public bool UniqueTranId { get; init; }

    /// <summary>Voiding makes a reversing journal; else it sets the amounts to zero in place.</summary>
    public bool VoidByReversal { get; init; } = true;

    /// <summary>How long an asynchronous job takes before its records are made.</summary>
    public TimeSpan JobTime { get; init; } = TimeSpan.Zero;

    /// <summary>The closed period's text, which NetSuite does not document.</summary>
    public string ClosedPeriodText { get; init; } = "Error while accessing a resource. The accounting period is closed.";

    public string DuplicateTranIdText { get; init; } = "Error while accessing a resource. This transaction number is already in use.";

    /// <summary>A request is ended after so long.</summary>
    public TimeSpan RunLimit { get; init; } = TimeSpan.FromMinutes(15);
}

/// <summary>The four keys of token-based authentication.</summary>
public sealed record TokenBasedKeys(string ConsumerKey, string ConsumerSecret, string Token, string TokenSecret)
{
    public override string ToString() => $"{nameof(TokenBasedKeys)} {{ {ConsumerKey}, {Token} }}";
}
