//! The fence: all unsafe code of this crate stands in this file, each use with the reason why it is sound.
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
pub use linux::{Datagrams, SocketOption, Standing, schedule, set};

/// Asks the processor to have the cache line of `value` at hand soon. Never waits, never changes anything.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction is a hint that reads nothing and faults on no address, and every x86-64 processor
    // has SSE, which it came with.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::MaybeUninit;
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::{AsFd, AsRawFd};
    use std::ptr;

    use libc::{c_int, iovec, mmsghdr, sockaddr_in6};

    /// Octets of an address structure: an IPv6 one's, in which an IPv4 one's fit.
    const NAME_OCTETS: u32 = size_of::<sockaddr_in6>() as u32;

    /// Frames start so many octets apart beyond a page: at equal distances of a page they would all compete for
    /// the same few lines of the first cache.
    const STAGGER: usize = 3 * 64;

    /// Room for one control message with the address that a datagram was sent to (`in_pktinfo`: 12 octets,
    /// `in6_pktinfo`: 20). `data` begins where `CMSG_DATA` points: behind the header, which is a multiple of
    /// its alignment.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Control {
        header: libc::cmsghdr,
        data: [u32; 6],
    }

    /// A batch of datagrams, each in a frame of its own, where its reply is written as well.
    ///
    /// ```text
    /// receive ─▶ frame 0 │ frame 1 │ … ─▶ (replies in place, lengths given back) ─▶ send
    /// ```
    pub struct Datagrams {
        room: usize,
        octets: Box<[u8]>,
        names: Box<[sockaddr_in6]>,
        /// Empty where nobody wants to know which address was asked.
        controls: Box<[Control]>,
        lengths: Box<[Length]>,
        /// For outgoing headers: the frame that each one sends.
        sources: Box<[u16]>,
        vectors: Box<[iovec]>,
        headers: Box<[mmsghdr]>,
        received: usize,
    }

    /// Octets in a frame.
    #[derive(Clone, Copy, Default)]
    struct Length {
        query: u16,
        reply: u16,
        name: u16,
        control: u16,
    }

    impl Datagrams {
        /// `count` frames (at most 1,024) of `room` octets each (at most 65,535). `told`: the socket tells to
        /// which address a datagram was sent, and replies are to leave from there.
        pub fn new(count: usize, room: usize, told: bool) -> Datagrams {
            let (count, room) = (count.clamp(1, 1024), room.min(usize::from(u16::MAX)));
            // SAFETY: these are C structures of integers and pointers, for which all zeros are a value.
            let (header, name, control) = unsafe {
                (
                    MaybeUninit::<mmsghdr>::zeroed().assume_init(),
                    MaybeUninit::<sockaddr_in6>::zeroed().assume_init(),
                    MaybeUninit::<Control>::zeroed().assume_init(),
                )
            };
            Datagrams {
                room,
                octets: vec![0; count * (room + STAGGER)].into(),
                names: vec![name; count].into(),
                controls: vec![control; if told { count } else { 0 }].into(),
                lengths: vec![Length::default(); count].into(),
                sources: vec![0; count].into(),
                vectors: vec![iovec { iov_base: ptr::null_mut(), iov_len: 0 }; count].into(),
                headers: vec![header; count].into(),
                received: 0,
            }
        }

        /// How many frames hold a query.
        pub fn received(&self) -> usize {
            self.received
        }

        /// A frame's whole room, and how many octets of it the query has.
        pub fn frame(&mut self, index: usize) -> (&mut [u8], usize) {
            let start = index * (self.room + STAGGER);
            (&mut self.octets[start..start + self.room], usize::from(self.lengths[index].query))
        }

        /// Who sent the query in a frame.
        pub fn peer(&self, index: usize) -> SocketAddr {
            let name = &self.names[index];
            let port = u16::from_be(name.sin6_port);
            if c_int::from(name.sin6_family) == libc::AF_INET {
                // The address of `sockaddr_in` lies where `sockaddr_in6` has the flow.
                let address = Ipv4Addr::from(name.sin6_flowinfo.to_ne_bytes());
                return SocketAddr::V4(SocketAddrV4::new(address, port));
            }
            let address = Ipv6Addr::from(name.sin6_addr.s6_addr);
            SocketAddr::V6(SocketAddrV6::new(address, port, 0, name.sin6_scope_id))
        }

        /// The reply in a frame has so many octets; 0: there is none.
        pub fn reply(&mut self, index: usize, length: usize) {
            self.lengths[index].reply = length.min(self.room) as u16;
        }

        /// Sends the reply of a frame to port 0, where nothing can go.
        #[cfg(test)]
        pub fn misdirect(&mut self, index: usize) {
            self.names[index].sin6_port = 0;
        }

        /// Waits for the first datagram as long as the socket's read timeout says, then takes those that are
        /// there. What was in the frames is gone, whatever comes of it.
        pub fn receive(&mut self, socket: &impl AsFd) -> io::Result<usize> {
            self.received = 0;
            let count = self.headers.len();
            for index in 0..count {
                self.lengths[index].name = NAME_OCTETS as u16;
                self.lengths[index].control = size_of::<Control>() as u16;
                self.sources[index] = index as u16;
            }
            self.aim(count, |_, room| room);
            let fd = socket.as_fd().as_raw_fd();
            // SAFETY: the descriptor is borrowed for the call. `aim` has just pointed `count` headers to parts of
            // the boxes of `self`, which are borrowed for the call and stay where they are; lengths are theirs.
            let got = unsafe {
                libc::recvmmsg(
                    fd,
                    self.headers.as_mut_ptr(),
                    count as u32,
                    libc::MSG_WAITFORONE as _,
                    ptr::null_mut(),
                )
            };
            if got < 0 {
                return Err(io::Error::last_os_error());
            }
            self.received = (got as usize).min(count);
            for (length, header) in self.lengths.iter_mut().zip(&self.headers[..self.received]) {
                #[allow(clippy::unnecessary_cast, reason = "musl has 32 bits for it")]
                let control = header.msg_hdr.msg_controllen as usize;
                *length = Length {
                    query: header.msg_len.min(self.room as u32) as u16,
                    reply: 0,
                    name: header.msg_hdr.msg_namelen.min(NAME_OCTETS) as u16,
                    control: control.min(size_of::<Control>()) as u16,
                };
            }
            Ok(self.received)
        }

        /// Sends every reply to where its query came from, from the address that was asked, and forgets the
        /// replies' lengths. `refused` is told of each frame whose reply the system would not take, which costs
        /// the others nothing. Nothing waits for room: a worker that did would stand still for as long as
        /// somebody keeps the socket's send buffer full, with replies to neighbours that do not exist.
        pub fn send(&mut self, socket: &impl AsFd, mut refused: impl FnMut(usize, io::Error)) {
            let mut count = 0;
            for index in 0..self.received {
                if self.lengths[index].reply > 0 {
                    self.sources[count] = index as u16;
                    count += 1;
                }
            }
            self.leave_by_any_interface();
            self.aim(count, |length, _| usize::from(length.reply));
            self.lengths[..self.received].iter_mut().for_each(|length| length.reply = 0);
            let (fd, mut sent) = (socket.as_fd().as_raw_fd(), 0);
            while sent < count {
                // SAFETY: as in `receive`; `sent` is below `count`, so the rest of the headers is not empty, and
                // the system only reads what they point to.
                let got = unsafe {
                    libc::sendmmsg(
                        fd,
                        self.headers[sent..count].as_mut_ptr(),
                        (count - sent) as u32,
                        libc::MSG_DONTWAIT as _,
                    )
                };
                if got > 0 {
                    sent += got as usize;
                    continue;
                }
                // The error is the first one's: it is passed over, and the rest goes on.
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    refused(usize::from(self.sources[sent]), error);
                    sent += 1;
                }
            }
        }

        /// Points the first `count` headers to the frames in `sources`, with as many octets as `octets` says of
        /// a frame's lengths and room.
        fn aim(&mut self, count: usize, octets: impl Fn(Length, usize) -> usize) {
            let base = self.octets.as_mut_ptr();
            for (vector, source) in self.vectors[..count].iter_mut().zip(&self.sources) {
                let source = usize::from(*source);
                vector.iov_base = base.wrapping_add(source * (self.room + STAGGER)).cast();
                vector.iov_len = octets(self.lengths[source], self.room).min(self.room);
            }
            let (names, vectors) = (self.names.as_mut_ptr(), self.vectors.as_mut_ptr());
            let (controls, told) = (self.controls.as_mut_ptr(), !self.controls.is_empty());
            for (index, header) in self.headers[..count].iter_mut().enumerate() {
                let source = usize::from(self.sources[index]);
                let length = self.lengths[source];
                let message = &mut header.msg_hdr;
                message.msg_name = names.wrapping_add(source).cast();
                message.msg_namelen = u32::from(length.name);
                message.msg_iov = vectors.wrapping_add(index);
                message.msg_iovlen = 1;
                let control = if told { controls.wrapping_add(source) } else { ptr::null_mut() };
                message.msg_control = control.cast();
                message.msg_controllen = if told { usize::from(length.control) as _ } else { 0 };
                message.msg_flags = 0;
                header.msg_len = 0;
            }
        }

        /// What told where a query was sent to says where its reply comes from. The interface is left to
        /// routing, but for link-local addresses, which mean nothing without it.
        fn leave_by_any_interface(&mut self) {
            for control in self.controls.iter_mut().take(self.received) {
                match (control.header.cmsg_level, control.header.cmsg_type) {
                    // The interface, the address to send from, the address that was asked.
                    (libc::IPPROTO_IP, libc::IP_PKTINFO) => control.data[0] = 0,
                    // The address in four words, the interface.
                    (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if !is_link_local(control.data[0]) => {
                        control.data[4] = 0
                    }
                    _ => {}
                }
            }
        }
    }

    /// fe80::/10, by the address' first four octets in the order in which they lie.
    fn is_link_local(first: u32) -> bool {
        u32::from_be(first) >> 22 == 0xfe80 >> 6
    }

    /// An option of a socket that takes a number.
    #[derive(Clone, Copy, Debug)]
    pub enum SocketOption {
        /// A receive buffer of so many octets, whatever `net.core.rmem_max` says; needs CAP_NET_ADMIN.
        ReceiveBufferForced,
        /// The same for sending, and `net.core.wmem_max`.
        SendBufferForced,
        /// Datagrams of IPv4 come with the address that they were sent to.
        TellAddress4,
        /// The same for IPv6.
        TellAddress6,
        /// `IP_PMTUDISC_…`: whether datagrams of IPv4 may be fragmented.
        PathMtu4,
        /// The same for IPv6.
        PathMtu6,
        /// Datagrams of IPv6 that do not fit the interface are refused, not fragmented.
        DontFragment6,
    }

    /// How a thread stands among others that want its processor.
    #[derive(Clone, Copy, Debug)]
    pub enum Standing {
        /// It runs while nobody else wants to.
        Idle,
        /// A seventieth of a worker's weight (nice 19), in turns of 0.1 ms, which Linux 6.12 was the first to heed.
        Small,
        /// A tenth of a worker's weight (nice 10).
        Tenth,
    }

    /// Gives a thread of this process a standing; 0: the calling one.
    pub fn schedule(thread: i32, standing: Standing) -> io::Result<()> {
        let (policy, nice, nanoseconds) = match standing {
            Standing::Idle => (libc::SCHED_IDLE, 0, 0),
            Standing::Small => (libc::SCHED_OTHER, 19, 100_000),
            Standing::Tenth => (libc::SCHED_OTHER, 10, 0),
        };
        let attributes = libc::sched_attr {
            size: size_of::<libc::sched_attr>() as u32,
            sched_policy: policy as u32,
            sched_flags: 0,
            sched_nice: nice,
            sched_priority: 0,
            sched_runtime: nanoseconds,
            sched_deadline: 0,
            sched_period: 0,
        };
        // SAFETY: the system reads as many octets of the structure as its `size` says, and it lives through the
        // call.
        let done = unsafe { libc::syscall(libc::SYS_sched_setattr, thread, ptr::from_ref(&attributes), 0) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Sets an option.
    pub fn set(socket: &impl AsFd, option: SocketOption, value: c_int) -> io::Result<()> {
        let (level, name) = match option {
            SocketOption::ReceiveBufferForced => (libc::SOL_SOCKET, libc::SO_RCVBUFFORCE),
            SocketOption::SendBufferForced => (libc::SOL_SOCKET, libc::SO_SNDBUFFORCE),
            SocketOption::TellAddress4 => (libc::IPPROTO_IP, libc::IP_PKTINFO),
            SocketOption::TellAddress6 => (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
            SocketOption::PathMtu4 => (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER),
            SocketOption::PathMtu6 => (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER),
            SocketOption::DontFragment6 => (libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG),
        };
        let (fd, length) = (socket.as_fd().as_raw_fd(), size_of::<c_int>() as u32);
        // SAFETY: the descriptor is borrowed for the call, and all of these options take one `int`, which lives
        // through it.
        let done = unsafe { libc::setsockopt(fd, level, name, ptr::from_ref(&value).cast(), length) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
