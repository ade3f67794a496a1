//! What bad texts are told, word for word.

use super::*;
