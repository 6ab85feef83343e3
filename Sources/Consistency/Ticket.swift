/// Numbers a batch of writes that were sent to the primary together, in the order in which the batches were begun, over
/// all threads of the process. 0 stands for "nothing was ever written".
public typealias Ticket = UInt64
