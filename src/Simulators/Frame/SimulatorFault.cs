using System.Text.RegularExpressions;

namespace Streams.Simulators;

/// <summary>What goes wrong. By HTTP the names are written as drop-before-commit.</summary>
public enum SimulatorFault
{
    None,

    /// <summary>The vendor's answer for too many requests, whatever the load.</summary>
    TooManyRequests,

    /// <summary>500, nothing committed.</summary>
    ErrorBeforeCommit,

    /// <summary>The connection is reset, nothing committed.</summary>
    DropBeforeCommit,

    /// <summary>Committed, then the connection is reset.</summary>
    CommitThenDrop,

    /// <summary>Committed, then 500.</summary>
    CommitThenError,

    /// <summary>The request is held for the delay, then worked on as usual: it commits although the caller may have gone.</summary>
    Slow,

    /// <summary>The connection is reset; committed after the delay.</summary>
    DelayedApply,

    /// <summary>The vendor's optimistic lock failure, nothing committed.</summary>
    RecordChanged,

    /// <summary>Committed, then a success that names no record, or a body that is not the vendor's.</summary>
    CommitThenGarbage,

    /// <summary>401, as when the token was revoked.</summary>
    Unauthorized,

    /// <summary>Committed, then the answer is cut off in the middle.</summary>
    CommitThenTruncated,

    /// <summary>Committed, then the answer waits for the delay.</summary>
    CommitThenSlow,

    /// <summary>Committed, then an answer whose few bytes unpack to a great many.</summary>
    CommitThenBomb,

    /// <summary>Status 200 whose body is an error; nothing committed.</summary>
    ErrorInside200,

    /// <summary>503, nothing committed.</summary>
    ServiceUnavailable,

    /// <summary>503 of announced maintenance, for every request until the rule ends.</summary>
    Maintenance,

    /// <summary>Every request is throttled until the rule ends, as when a day's quota is used up.</summary>
    QuotaExhausted,

    /// <summary>Refused as invalid, with the vendor's words.</summary>
    Validation,

    /// <summary>Refused because the period is not open, with the vendor's words.</summary>
    ClosedPeriod,

    /// <summary>All tokens become invalid at this request, or at this part of a batch; it gets 401.</summary>
    TokenExpired,

    /// <summary>307 to the rule's address.</summary>
    Redirect,

    /// <summary>Accepted, and the job or confirmation never ends; what was accepted is not committed.</summary>
    PendingForever,

    /// <summary>Committed, and the job or confirmation never tells so.</summary>
    CommitThenPendingForever,

    /// <summary>Results of a batch come in another order than the records, where the protocol lets them.</summary>
    BatchShuffled,

    /// <summary>This record of a batch is refused, the others are taken.</summary>
    BatchPartial,

    /// <summary>A second record with the same key is taken silently.</summary>
    DuplicateAccepted,

    /// <summary>Look-ups do not see the record until it is older than the delay.</summary>
    StaleRead,

    /// <summary>The ERP's posting job passes the record by.</summary>
    PostingStuck,
}

/// <summary>An armed fault. Which requests meet it depends on the seed and their keys alone, in whatever order they come; only <see cref="Next"/> counts arrivals.</summary>
public sealed record FaultRule
{
    public required SimulatorFault Kind { get; init; }

    /// <summary>Share of keys that meet it, 0 to 1000.</summary>
    public int PerMille { get; init; } = 1000;

    public int Seed { get; init; } = 1;

    /// <summary>The rule ends after so many hits. Null: it does not.</summary>
    public int? Next { get; init; }

    /// <summary>Regular expression for the keys. Null: every key.</summary>
    public string? Keys { get; init; }

    /// <summary>write, read or any.</summary>
    public string On { get; init; } = "write";

    /// <summary>Requests of each key that meet it, counted from the first; 0: all. Null: 1 for a share below 1000, else all.</summary>
    public int? Times { get; init; }

    /// <summary>For slow, delayed and stale kinds.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>For throttling: none, seconds as digits, date, absurd, negative, or any text; null: the vendor's habit.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>For <see cref="SimulatorFault.Redirect"/>.</summary>
    public string Url { get; init; } = "http://169.254.169.254/latest/meta-data/";

    /// <summary>Met by single parts of a batch and not by the request.</summary>
    public bool Inner { get; init; }

    /// <summary>The rule ends by itself after so long.</summary>
    public TimeSpan? For { get; init; }

    /// <exception cref="ArgumentException">Names the field that is wrong.</exception>
    internal FaultRule Checked()
    {
        if (PerMille is < 0 or > 1000) throw new ArgumentException("perMille: 0 to 1000");
        if (Next is <= 0) throw new ArgumentException("next: at least 1");
        if (On is not ("write" or "read" or "any")) throw new ArgumentException("on: write, read or any");
        if (Delay is { } delay && (delay < TimeSpan.Zero || delay > TimeSpan.FromHours(24))) throw new ArgumentException("delay: 0 to 24 h");
        if (Keys is not null) _ = new Regex(Keys);
        return this;
    }
}
