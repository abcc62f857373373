namespace Streams.ErpSink.Ledger;

/// <summary>Where a document stands, as the ledger's column <c>state</c> spells it. The database refuses every edge but the allowed ones.</summary>
public static class DocumentState
{
    /// <summary>Waits for an approval.</summary>
    public const string Waiting = "waiting";

    /// <summary>Durable here; nothing was sent, or it is certain that the ERP has nothing of it.</summary>
    public const string Planned = "planned";

    /// <summary>One instance has it in hand.</summary>
    public const string Claimed = "claimed";

    /// <summary>A call is being made, or its maker died.</summary>
    public const string Sent = "sent";

    /// <summary>The ERP took it for later: its job is asked for.</summary>
    public const string Accepted = "accepted";

    /// <summary>The ERP says that it has made the record; not read back yet, or read back and not in its ledger yet.</summary>
    public const string Created = "created";

    /// <summary>It may be in the ERP or not: looked up, never blindly sent again.</summary>
    public const string Unknown = "unknown";

    /// <summary>Its accounting period is closed in the ERP; waits for a person.</summary>
    public const string Held = "held";

    /// <summary>The ERP or a rule will not have it; on the work list.</summary>
    public const string Refused = "refused";

    /// <summary>Given up by one person with another's approval. Never changes.</summary>
    public const string WrittenOff = "written_off";

    /// <summary>Read back from the ERP and equal. Never changes.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>Only to be compared with what another system posts.</summary>
    public const string Comparing = "comparing";

    /// <summary>Compared, with whatever result. Never changes.</summary>
    public const string Compared = "compared";

    /// <summary>States of documents that are on their way.</summary>
    public static readonly string[] UnderWay = [Waiting, Planned, Claimed, Sent, Accepted, Created, Unknown];
}
