namespace Streams.Ingest.Events;

/// <summary>Why a single event is refused. Senders may rely on these codes; a new reason gets a new code.</summary>
public static class RefusalCodes
{
    public const string FieldMissing = "FIELD_MISSING";
    public const string FieldType = "FIELD_TYPE";
    public const string FieldUnknown = "FIELD_UNKNOWN";
    public const string TextInvalid = "TEXT_INVALID";
    public const string TextTooLong = "TEXT_TOO_LONG";
    public const string SpecVersion = "SPECVERSION_UNSUPPORTED";
    public const string DataContentType = "DATA_CONTENT_TYPE_UNSUPPORTED";
    public const string TimeInvalid = "TIME_INVALID";
    public const string TimeOutOfRange = "TIME_OUT_OF_RANGE";
    public const string QuantityInvalid = "QUANTITY_INVALID";
    public const string QuantityNegative = "QUANTITY_NEGATIVE";
    public const string TooManyDimensions = "DIMENSIONS_TOO_MANY";
    public const string MeterUnknown = "METER_UNKNOWN";
    public const string MeterReserved = "METER_RESERVED";
    public const string CustomerUnknown = "CUSTOMER_UNKNOWN";
    public const string SourceNotAllowed = "SOURCE_NOT_ALLOWED";
    public const string Conflict = "ID_CONFLICT";
}
