namespace Streams.ErpSink.Ledger;

/// <summary>Where a document stands, as the ledger's column <c>state</c> spells it. The database refuses every edge but the allowed ones.</summary>
public static class DocumentState
{
    /// <summary>Durable here; nothing was sent, or it is certain that the ERP has nothing of it.</summary>
    public const string Planned = "planned";

    /// <summary>One instance has it in hand.</summary>
    public const string Claimed = "claimed";

    /// <summary>A call is being made, or its maker died.</summary>
    public const string Sent = "sent";

    /// <summary>It may be in the ERP or not: looked up, never blindly sent again.</summary>
    public const string Unknown = "unknown";

    /// <summary>Its accounting period is closed in the ERP; waits for a person.</summary>
    public const string Held = "held";

    /// <summary>The ERP or a rule will not have it; on the work list.</summary>
    public const string Refused = "refused";

    /// <summary>Read back from the ERP and equal. Never changes.</summary>
    public const string Confirmed = "confirmed";
}
