// Every API reads requests, asks the node and writes answers: these are its vocabulary.
global using Streams.Broker.Groups;
global using Streams.Broker.Log;
global using Streams.Broker.Metadata;
global using Streams.Broker.Network;
global using Streams.Broker.Transactions;
